package audit

import (
	"cmp"
	"slices"

	"github.com/ferry-clir/ferry/model/text"
)

const (
	distinctWords = 200_000 // different words that are remembered of a group
	longestWord   = 256     // bytes of a word that is remembered
)

// A SplitWord is a word that the tokenizer cuts into several pieces.
type SplitWord struct {
	Word   string
	Count  int64
	Pieces []string
}

// SplitWords returns the words of a group on which splitting costs most tokens, count times one less than the number of
// pieces, at most n of them. Each is tokenized by itself behind a space, as within a text. Those of scripts without spaces are
// left out: how a character is cut by itself does not say how it is cut within a text.
func (a *Audit) SplitWords(id Group, n int) []SplitWord {
	var split []SplitWord
	for word, count := range a.groups[id].seen.Sorted() {
		if text.IsSpaceless(word) {
			continue
		}
		w := SplitWord{Word: word, Count: count}
		a.ids = a.tokenizer.Encode(a.ids[:0], " "+w.Word)
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
