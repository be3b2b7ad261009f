package text

import (
	"iter"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// Terms yields what lexical search compares: the words of s in NFKC and lower case. In scripts that put no spaces
// between words a run of characters yields its overlapping pairs, as Lucene's CJK analyzer has it, and a character that
// stands alone itself.
func Terms(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		s := strings.ToLower(norm.NFKC.String(s))
		state, before, alone := -1, "", false // before is the character before, if it may begin a pair
		for len(s) > 0 {
			var word string
			word, s, state = uniseg.FirstWordInString(s, state)
			if hasLetter(word) && IsSpaceless(word) {
				if before != "" && !yield(before+word) {
					return
				}
				before, alone = word, before == ""
				continue
			}
			if alone && !yield(before) || hasLetter(word) && !yield(word) {
				return
			}
			before, alone = "", false
		}
		if alone {
			yield(before)
		}
	}
}
