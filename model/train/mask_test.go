package train

import (
	"math"
	"slices"
	"testing"
)

// TestMasks masks 2,000 texts of words of 1 to 3 tokens: shares are those asked for within four standard deviations, words
// go as a whole, and special tokens stay.
func TestMasks(t *testing.T) {
	const unmasked, token = 2, 99
	m, among := Masking{Share: 0.2, Masked: 0.7, Random: 0.2, Token: token}, []int32{500, 501}
	words, chosen, guessed, byToken, byRandom := 0, 0, 0, 0, 0
	for sample := range 2000 {
		ids, units := []int32{unmasked}, []int32{-1}
		for word := range int32(20) {
			for range 1 + (int(word)+sample)%3 {
				ids, units = append(ids, 100+word), append(units, word)
			}
		}
		ids, units = append(ids, unmasked), append(units, -1)
		masked := slices.Clone(ids)
		places := m.mask(nil, masked, units, among, source(1, 0, sample))
		guessed, words = guessed+len(places), words+20
		for i, id := range ids {
			asked := slices.Contains(places, int32(i))
			switch {
			case asked && masked[i] == token:
				byToken++
			case asked && slices.Contains(among, masked[i]):
				byRandom++
			case masked[i] != id:
				t.Fatalf("%d became %d", id, masked[i])
			}
			if asked && id == unmasked || asked != slices.Contains(places, int32(slices.Index(units, units[i]))) {
				t.Fatalf("places %v of words %v", places, units)
			}
			if asked && (i == 0 || units[i-1] != units[i]) {
				chosen++
			}
		}
	}
	share := func(what string, n, of int, want float64) {
		t.Helper()
		if got := float64(n) / float64(of); math.Abs(got-want) > 4*math.Sqrt(want*(1-want)/float64(of)) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	share("words", chosen, words, 0.2+math.Pow(0.8, 20)/20)
	share("mask tokens", byToken, guessed, 0.7)
	share("random tokens", byRandom, guessed, 0.2)
}

func TestMaskAtLeastOne(t *testing.T) {
	m := Masking{Share: 1e-9, Masked: 1, Token: 99}
	seen := map[int32]int{}
	for sample := range 100 {
		places := m.mask(nil, []int32{0, 5, 6, 7, 2}, []int32{-1, 0, 1, 1, -1}, nil, source(1, 0, sample))
		if !slices.Equal(places, []int32{1}) && !slices.Equal(places, []int32{2, 3}) {
			t.Fatal(places)
		}
		seen[places[0]]++
	}
	if seen[1] < 30 || seen[2] < 30 {
		t.Errorf("first places %v", seen)
	}
}

// TestMasksOfEpochs checks that masks depend on seed, epoch and sample, and on nothing else.
func TestMasksOfEpochs(t *testing.T) {
	m, units := NewMasking(), make([]int32, 200)
	for i := range units {
		units[i] = int32(i)
	}
	at := func(seed uint64, epoch, sample int) []int32 {
		return m.mask(nil, make([]int32, 200), units, units, source(seed, epoch, sample))
	}
	for _, other := range [][]int32{at(2, 3, 4), at(1, 4, 4), at(1, 3, 5), at(1, 4, 3)} {
		if slices.Equal(at(1, 3, 4), other) {
			t.Error("the same masks")
		}
	}
	if !slices.Equal(at(1, 3, 4), at(1, 3, 4)) {
		t.Error("masks differ")
	}
}
