package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A Cleaner rewrites texts, and does nothing that it is not told to. Cleaning what is clean changes nothing.
type Cleaner struct {
	// Form is "", "nfc" or "nfkc": composed characters (UAX #15), with compatibility characters, such as ﬁ or Ａ,
	// replaced by plain ones.
	Form string
	// RemoveControl takes out control and format characters, as isControl defines them.
	RemoveControl bool
	// CollapseSpace makes one space of white space of any length and kind, and takes it off both ends.
	CollapseSpace bool
}

// Clean returns s cleaned: controls go first, since they may stand between a letter and its accent, and white space last,
// since NFKC makes some.
func (c Cleaner) Clean(s string) string {
	if c.RemoveControl && strings.ContainsFunc(s, isControl) {
		s = strings.Map(func(r rune) rune {
			if isControl(r) {
				return -1
			}
			return r
		}, s)
	}
	switch c.Form {
	case "nfc":
		s = norm.NFC.String(s)
	case "nfkc":
		s = norm.NFKC.String(s)
	}
	if c.CollapseSpace {
		s = strings.Join(strings.Fields(s), " ")
	}
	return s
}

// The characters of category Cf that separate or join what is read: Thai and Khmer have the first between words, scripts
// of India and Persian the others within them.
const (
	zeroWidthSpace     = '\u200B'
	zeroWidthNonJoiner = '\u200C'
	zeroWidthJoiner    = '\u200D'
)

// isControl tells whether r is of the categories Cc (control) or Cf (format: byte order marks, directions, soft hyphens),
// but for white space, characters that separate or join, and those that are seen, such as U+06DD around Arabic numbers.
func isControl(r rune) bool {
	switch {
	case r >= ' ' && r < 0x7F || r == zeroWidthSpace || r == zeroWidthNonJoiner || r == zeroWidthJoiner:
		return false
	case unicode.Is(unicode.Cc, r):
		return !unicode.IsSpace(r)
	}
	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}
