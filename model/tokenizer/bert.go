package tokenizer

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/rangetable"
)

// unicode8 has the characters of Unicode 8, whose categories the Rust library still goes by: later characters are
// neither accents nor punctuation nor control characters.
var unicode8 = rangetable.Assigned("8.0.0")

// unicode9 has those of Unicode 9, by which its StripAccents goes.
var unicode9 = rangetable.Assigned("9.0.0")

// bertNormalizer is BERT's basic cleaning; each part can be switched off.
type bertNormalizer struct {
	Clean        bool  `json:"clean_text"`
	Chinese      bool  `json:"handle_chinese_chars"`
	StripAccents *bool `json:"strip_accents"` // as lowercase where null
	Lowercase    bool  `json:"lowercase"`
}

// normalizers returns the parts in the order they apply.
func (b bertNormalizer) normalizers() []normalizer {
	var all []normalizer
	if b.Clean {
		all = append(all, byRune(cleanBert))
	}
	if b.Chinese {
		all = append(all, byRune(spaceChinese))
	}
	if b.StripAccents == nil && b.Lowercase || b.StripAccents != nil && *b.StripAccents {
		all = append(all, form(norm.NFD), byRune(dropAccent))
	}
	if b.Lowercase {
		all = append(all, byRune(lower))
	}
	return all
}

// cleanBert drops control characters and turns white space into spaces.
func cleanBert(dst []byte, r rune) []byte {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return append(dst, ' ')
	case r == 0xFFFD, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) && unicode.Is(unicode8, r):
		return dst
	case unicode.IsSpace(r):
		return append(dst, ' ')
	}
	return utf8.AppendRune(dst, r)
}

// spaceChinese puts spaces around every Chinese character, so that each is a word.
func spaceChinese(dst []byte, r rune) []byte {
	if isChinese(r) {
		return append(utf8.AppendRune(append(dst, ' '), r), ' ')
	}
	return utf8.AppendRune(dst, r)
}

// isChinese tells whether r is in one of the blocks of Chinese characters that BERT lists.
func isChinese(r rune) bool {
	return r >= 0x3400 && (r <= 0x4DBF || r >= 0x4E00 && r <= 0x9FFF || r >= 0xF900 && r <= 0xFAFF ||
		r >= 0x20000 && r <= 0x2A6DF || r >= 0x2A700 && r <= 0x2B81F || r >= 0x2B920 && r <= 0x2CEAF ||
		r >= 0x2F800 && r <= 0x2FA1F)
}

// dropAccent drops marks without width of their own.
func dropAccent(dst []byte, r rune) []byte {
	switch r {
	case 0x1734: // such a mark in Unicode 8
		return dst
	case 0x1885, 0x1886, 0xA9BD, 0x111C9: // none in Unicode 8
		return utf8.AppendRune(dst, r)
	}
	if r >= 0x300 && unicode.Is(unicode.Mn, r) && unicode.Is(unicode8, r) {
		return dst
	}
	return utf8.AppendRune(dst, r)
}

// dropMark drops every mark, with width or without.
func dropMark(dst []byte, r rune) []byte {
	switch r {
	case 0x1CF2, 0x1CF3: // marks in Unicode 9
		return dst
	case 0x111C9: // none in Unicode 9
		return utf8.AppendRune(dst, r)
	}
	if unicode.Is(unicode.M, r) && unicode.Is(unicode9, r) {
		return dst
	}
	return utf8.AppendRune(dst, r)
}
