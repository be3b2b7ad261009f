package text

import (
	"iter"
	"unicode"

	"github.com/rivo/uniseg"
)

// Words yields the words of s: what UAX #29 puts between two word boundaries, if there is a letter, a mark or a digit in it.
// The rules know no dictionary. In scripts that put no spaces between words (Thai, Lao, Khmer, Burmese, Chinese, and Japanese
// but for katakana) a word is therefore a single character with its marks.
func Words(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		state := -1
		for len(s) > 0 {
			var word string
			word, s, state = uniseg.FirstWordInString(s, state)
			if hasLetter(word) && !yield(word) {
				return
			}
		}
	}
}

func hasLetter(word string) bool {
	for _, r := range word {
		if r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9' || r >= 0x80 && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r)) {
			return true
		}
	}
	return false
}

// spaceless are the scripts that put no spaces between words.
var spaceless = []*unicode.RangeTable{unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Han, unicode.Hiragana, unicode.Katakana}

// IsSpaceless tells whether a word begins with a letter of a script that puts no spaces between words.
func IsSpaceless(word string) bool {
	for _, r := range word {
		return r >= 0x80 && unicode.In(r, spaceless...)
	}
	return false
}
