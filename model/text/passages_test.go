package text

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// TestPassages cuts by hand.
func TestPassages(t *testing.T) {
	for _, c := range []struct {
		text          string
		size, overlap int
		want          []string
	}{
		{"", 10, 2, nil},
		{"the train", 9, 2, []string{"the train"}},
		{"the train leaves at noon", 10, 0, []string{"the train ", "leaves at ", "noon"}},
		{"the train leaves at noon", 12, 6, []string{"the train ", "train leaves", "leaves at ", "at noon"}},
		{"abcdefghij", 4, 1, []string{"abcd", "defg", "ghij"}},
		{"e\u0301e\u0301e\u0301", 3, 0, []string{"e\u0301", "e\u0301", "e\u0301"}},
		{"e\u0301\u0301\u0301a", 2, 1, []string{"e\u0301\u0301\u0301", "a"}},
	} {
		if got := Passages(c.text, c.size, c.overlap); !slices.Equal(got, c.want) {
			t.Errorf("%q by %d and %d is %q, want %q", c.text, c.size, c.overlap, got, c.want)
		}
	}
}

// TestPassagesCover cuts random texts: passages are not too long, follow each other with no more than the overlap in
// common and no character between them, and cut no grapheme cluster.
func TestPassagesCover(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 4))
	letters := []string{"a", "e\u0301", " ", "रे", "ที่", "👩\u200d🚀", "word ", "\n", "字"}
	for range 3000 {
		var b strings.Builder
		for range random.IntN(60) {
			b.WriteString(letters[random.IntN(len(letters))])
		}
		text, size := b.String(), 4+random.IntN(20)
		overlap := random.IntN(size)
		end := 0
		for i, p := range Passages(text, size, overlap) {
			from, common := 0, -1
			for start := max(0, end-len(p)+1); start <= end; start++ { // where it stands: of all places the one with most in common
				if strings.HasPrefix(text[start:], p) && (i > 0 || start == 0) && utf8.RuneCountInString(text[start:end]) <= overlap {
					from, common = start, end-start
					break
				}
			}
			if common < 0 || p == "" || utf8.RuneCountInString(p) > size {
				t.Fatalf("%q by %d and %d: passage %q does not go on from %d", text, size, overlap, p, end)
			}
			if whole := uniseg.GraphemeClusterCount(text[:from]) + uniseg.GraphemeClusterCount(p) + uniseg.GraphemeClusterCount(text[from+len(p):]); whole != uniseg.GraphemeClusterCount(text) {
				t.Fatalf("%q by %d and %d: passage %q cuts a grapheme cluster", text, size, overlap, p)
			}
			end = from + len(p)
		}
		if end != len(text) {
			t.Fatalf("%q by %d and %d ends at %d of %d", text, size, overlap, end, len(text))
		}
	}
}
