package sources

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"unicode/utf8"
)

// appendText appends what text between tags stands for: entities are replaced, and line ends are \n.
func appendText(dst, text []byte) ([]byte, error) {
	for {
		i := bytes.IndexByte(text, '&')
		if i < 0 {
			return appendLines(dst, text), nil
		}
		dst = appendLines(dst, text[:i])
		var err error
		if dst, text, err = appendEntity(dst, text[i+1:]); err != nil {
			return dst, err
		}
	}
}

// appendLines appends text with \n for every \r\n and lone \r.
func appendLines(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '\r')
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:i]...), '\n')
		text = bytes.TrimPrefix(text[i+1:], []byte("\n"))
	}
}

// appendEntity appends the character for which an entity stands, whose & has been read, and returns what follows it.
// Besides XML's five and numbers, those of HTML are known, since real files have them; none that a file declares is.
func appendEntity(dst, text []byte) (out, rest []byte, err error) {
	name, rest, found := bytes.Cut(text, []byte(";"))
	if n := nameLength(name); !found || len(name) == 0 || n < len(name) {
		return dst, nil, malformed("an & that begins no entity; write &amp; for it")
	}
	if name[0] == '#' {
		char, ok := charOf(name[1:])
		if !ok {
			return dst, nil, malformed(fmt.Sprintf("&%.40s; is no character of XML", name))
		}
		return utf8.AppendRune(dst, char), rest, nil
	}
	switch string(name) {
	case "amp":
		return append(dst, '&'), rest, nil
	case "lt":
		return append(dst, '<'), rest, nil
	case "gt":
		return append(dst, '>'), rest, nil
	case "quot":
		return append(dst, '"'), rest, nil
	case "apos":
		return append(dst, '\''), rest, nil
	}
	if value, ok := xml.HTMLEntity[string(name)]; ok {
		return append(dst, value...), rest, nil
	}
	return dst, nil, malformed(fmt.Sprintf("the entity &%.40s; is none of XML's or HTML's, and no other is expanded", name))
}

// charOf reads the number of a character, decimal or after an x hexadecimal; false if XML does not allow it.
func charOf(digits []byte) (rune, bool) {
	base := rune(10)
	if len(digits) > 0 && digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	char := rune(0)
	for _, c := range digits {
		digit := rune(c) - '0'
		if lower := c | 0x20; base == 16 && 'a' <= lower && lower <= 'f' {
			digit = rune(lower) - 'a' + 10
		} else if c < '0' || c > '9' {
			return 0, false
		}
		char = min(char*base+digit, utf8.MaxRune+1)
	}
	return char, utf8.ValidRune(char) && (char >= ' ' || char == '\t' || char == '\n' || char == '\r') && char != 0xfffe && char != 0xffff
}
