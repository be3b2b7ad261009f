package text

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// A Tally says how often words occur.
type Tally map[string]int64

// Add counts a word n times more, and copies it if it is new.
func (t Tally) Add(word string, n int64) {
	if _, ok := t[word]; !ok {
		word = strings.Clone(word)
	}
	t[word] += n
}

// Merge adds the counts of another tally. If there are more than limit words then, about 60 bytes each, the rarest are
// forgotten until half of that are left, so that a word that is rare at first may be counted too low.
func (t Tally) Merge(other Tally, limit int) {
	for word, n := range other {
		t[word] += n
	}
	if len(t) <= limit {
		return
	}
	kept := 0
	for word := range t.Sorted() {
		if kept++; kept > limit/2 {
			delete(t, word)
		}
	}
}

// Sorted yields the words with their counts by falling count, those of equal count in the order of the alphabet.
func (t Tally) Sorted() iter.Seq2[string, int64] {
	type counted struct {
		word  string
		count int64
	}
	words := make([]counted, 0, len(t))
	for word, n := range t {
		words = append(words, counted{word, n})
	}
	slices.SortFunc(words, func(a, b counted) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.word, b.word))
	})
	return func(yield func(string, int64) bool) {
		for _, w := range words {
			if !yield(w.word, w.count) {
				return
			}
		}
	}
}
