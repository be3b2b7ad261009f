package tokenizer

import (
	"strings"
	"unicode/utf8"
	"unsafe"
)

// view returns text as a string that shares its memory: it changes when text does.
func view(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }

// bytesOf returns the bytes of text, which may not be written to.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }

// validUTF8 replaces what is not UTF-8 by U+FFFD, one for each longest start of a character (Unicode, section 3.9,
// "substitution of maximal subparts"), as Rust's from_utf8_lossy does.
func validUTF8(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, _ := utf8.DecodeRuneInString(text)
		b.WriteRune(r)
		text = text[characterLength(text):]
	}
	return b.String()
}

// characterLength returns the length of the character that text starts with; what validUTF8 replaces counts as one.
func characterLength(text string) int {
	r, n := utf8.DecodeRuneInString(text)
	if r == utf8.RuneError && n == 1 {
		return brokenLength(text)
	}
	return n
}

// brokenLength returns how many bytes at the start of text, which is not a character, could be the start of one.
func brokenLength(text string) int {
	low, high, length := byte(0x80), byte(0xBF), 1
	switch b := text[0]; {
	case b >= 0xC2 && b <= 0xDF:
		length = 2
	case b >= 0xE0 && b <= 0xEF:
		length = 3
	case b >= 0xF0 && b <= 0xF4:
		length = 4
	}
	switch text[0] {
	case 0xE0:
		low = 0xA0
	case 0xED:
		high = 0x9F
	case 0xF0:
		low = 0x90
	case 0xF4:
		high = 0x8F
	}
	n := 1
	for n < length && n < len(text) && text[n] >= low && text[n] <= high {
		low, high = 0x80, 0xBF
		n++
	}
	return n
}
