package text

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Mojibake returns the first characters of s that are UTF-8 taken for Windows-1252 or Latin-1 and encoded again, such as "Ã©"
// for "é" or "â€™" for "’", and "" if there are none. A capital with an accent before a quotation mark looks the same; so what
// does not stand for a character of Latin-1, a common sign or an emoji counts only where two such follow each other.
func Mojibake(s string) string {
	previous, previousEnd := -1, -1 // the last doubtful sequence
	for i, r := range s {
		if r < 0x80 {
			continue
		}
		if r <= 0x9F && r != 0x85 { // control characters that only Windows-1252 fills
			return string(r)
		}
		end, meant := misread(s[i:])
		switch {
		case end == 0:
			continue
		case isCommon(meant):
			return s[i : i+end]
		case !unicode.IsLetter(meant) && !unicode.IsMark(meant):
			continue
		case previousEnd == i:
			return s[previous : i+end]
		}
		previous, previousEnd = i, i+end
	}
	return ""
}

// isCommon tells whether a misread character is a sure sign by itself: Latin-1, punctuation, currencies, arrows, emoji.
func isCommon(r rune) bool {
	return r >= 0xA0 && r <= 0xFF || r >= 0x2000 && r <= 0x21FF || r >= 0x1F300 && r <= 0x1FAFF
}

// misread reads the characters at the beginning of s as bytes of one character of UTF-8: how long they are in s, and what was
// meant; 0 if they are none.
func misread(s string) (end int, meant rune) {
	var bytes [utf8.UTFMax]byte
	for n := range bytes {
		r, size := utf8.DecodeRuneInString(s[end:])
		b, ok := asByte(r)
		if size == 0 || !ok {
			return 0, 0
		}
		bytes[n] = b
		end += size
		if meant, length := utf8.DecodeRune(bytes[:n+1]); meant != utf8.RuneError && length > 1 {
			return end, meant
		}
		if n == 0 && !(b >= 0xC2 && b <= 0xF4) || n > 0 && (b < 0x80 || b > 0xBF) {
			return 0, 0
		}
	}
	return 0, 0
}

// asByte is the byte that Windows-1252 shows as r; what it leaves undefined, Latin-1 shows.
func asByte(r rune) (byte, bool) {
	if b, ok := charmap.Windows1252.EncodeRune(r); ok {
		return b, true
	}
	return byte(r), r >= 0x80 && r <= 0x9F
}
