package audit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/model/text"
)

// distinctWords is the number of different words that are remembered of a group, about 60 bytes each. Past it the rarest
// half is forgotten, so that a word that is rare at first may be counted too low.
const distinctWords = 200_000

// A tally says how often words occur.
type tally map[string]int64

// add counts a word, which it copies.
func (t tally) add(word string, n int64) {
	if _, ok := t[word]; !ok {
		word = strings.Clone(word)
	}
	t[word] += n
}

// merge adds the counts of another tally, and forgets rare words if there are too many.
func (t tally) merge(other tally) {
	for word, n := range other {
		t[word] += n
	}
	if len(t) <= distinctWords {
		return
	}
	for _, w := range t.sorted()[distinctWords/2:] {
		delete(t, w.Word)
	}
}

// A SplitWord is a word that the tokenizer cuts into several pieces.
type SplitWord struct {
	Word   string
	Count  int64
	Pieces []string
}

// sorted lists the words by falling count, those of equal count in the order of the alphabet.
func (t tally) sorted() []SplitWord {
	words := make([]SplitWord, 0, len(t))
	for word, n := range t {
		words = append(words, SplitWord{Word: word, Count: n})
	}
	slices.SortFunc(words, func(a, b SplitWord) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Word, b.Word))
	})
	return words
}

// SplitWords returns the words of a group on which splitting costs most tokens, count times one less than the number of
// pieces, at most n of them. Each is tokenized by itself, as it would be between spaces. Those of scripts without spaces are
// left out: how a character is cut by itself does not say how it is cut within a text.
func (a *Audit) SplitWords(id Group, n int) []SplitWord {
	var split []SplitWord
	for _, w := range a.groups[id].seen.sorted() {
		if text.IsSpaceless(w.Word) {
			continue
		}
		a.ids = a.tokenizer.Encode(a.ids[:0], w.Word)
		for _, id := range a.ids {
			if !a.tokenizer.IsSpecial(id) {
				w.Pieces = append(w.Pieces, a.tokenizer.Piece(id))
			}
		}
		if len(w.Pieces) > 1 {
			split = append(split, w)
		}
	}
	cost := func(w SplitWord) int64 { return w.Count * int64(len(w.Pieces)-1) }
	slices.SortStableFunc(split, func(a, b SplitWord) int { return cmp.Compare(cost(b), cost(a)) })
	return split[:min(n, len(split))]
}
