package figure

import (
	"strings"
	"unicode"
)

// Characters of a name, of a sentence and of an item of a list that a page shows at most.
const (
	nameLength     = 120
	sentenceLength = 2000
	itemLength     = 600
)

// Clip is a text as a page can show it: valid, without control characters, with no more marks upon a letter than can be read, and cut
// where it has more characters than most.
func Clip(text string, most int) string {
	const mostMarks = 6
	var b strings.Builder
	characters, marks := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsControl(r):
			r = ' '
		case !unicode.In(r, unicode.Mn, unicode.Me):
			marks = 0
		case marks == mostMarks:
			continue
		default:
			marks++
		}
		if characters == most {
			return strings.TrimRightFunc(b.String(), unicode.IsSpace) + "…"
		}
		b.WriteRune(r)
		characters++
	}
	return b.String()
}

func clipName(text string) string     { return Clip(text, nameLength) }
func clipSentence(text string) string { return Clip(text, sentenceLength) }
func clipItem(text string) string     { return Clip(text, itemLength) }
