package figure

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestClip: what a page shows is valid, bounded, and has no more marks upon a letter than can be read.
func TestClip(t *testing.T) {
	for text, want := range map[string]string{
		"héllo": "héllo", "nul\x00 and\tline\n": "nul  and line ", "\xed\xa0\x80": "\ufffd\ufffd\ufffd", "e" + strings.Repeat("\u0301", 500) + "a": "e" + strings.Repeat("\u0301", 6) + "a",
		strings.Repeat("w", 10000): strings.Repeat("w", 20) + "…", "👩\u200d👩\u200d👦": "👩\u200d👩\u200d👦", "\u202eאב": "\u202eאב",
	} {
		if got := Clip(text, 20); got != want || !utf8.ValidString(got) {
			t.Errorf("%.30q is shown as %q, want %q", text, got, want)
		}
	}
}
