package tokenizer

import "testing"

// TestStripAccents drops the marks that the Rust library (0.23) drops: 2,097 of all characters, those of Unicode 9.
func TestStripAccents(t *testing.T) {
	dropped := 0
	for r := rune(1); r < 0x110000; r++ {
		if len(dropMark(nil, r)) == 0 {
			dropped++
		}
	}
	if dropped != 2097 {
		t.Errorf("%d characters are dropped, want 2097", dropped)
	}
	for r, want := range map[rune]bool{
		0x301: true, 0x903: true, 0x20DD: true, // of each sort of mark
		0x8D4: true, 0x1DFB: true, 0x8D3: false, 0x1DF6: false, // new in Unicode 9 and later
		0x1CF2: true, 0x1CF3: true, 0x111C9: false, 0x1885: true, // that have changed
	} {
		if got := len(dropMark(nil, r)) == 0; got != want {
			t.Errorf("%U is dropped: %v, want %v", r, got, want)
		}
	}
}
