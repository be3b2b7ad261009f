package sources

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// markup makes found the tag that begins here, or steps over other markup: found has then no size.
func (t *tmxReader) markup() error {
	if b := t.rest(); len(b) > 1 && b[1] != '!' && b[1] != '?' {
		if err := t.found.parse(b); t.found.size > 0 || err != nil {
			return err
		}
	}
	t.found = tag{}
	switch {
	case t.begins("<?"):
		return t.past("?>")
	case t.begins("<!--"):
		t.at += len("<!--")
		return t.past("-->")
	case t.begins("<![CDATA["):
		t.at += len("<![CDATA[")
		return t.takeData()
	case t.begins("<!DOCTYPE") && !t.isTMX:
		var size int
		err := t.wholly(func(b []byte) (_ int, err error) { size, err = parseDoctype(b); return size, err })
		t.at += size
		return err
	}
	return t.wholly(func(b []byte) (int, error) { err := t.found.parse(b); return t.found.size, err })
}

// past moves to after a mark.
func (t *tmxReader) past(mark string) error {
	if !t.skip(mark) {
		return errCut
	}
	t.at += len(mark)
	return nil
}

// wholly parses markup, whose size is 0 until all of it has been read.
func (t *tmxReader) wholly(parse func([]byte) (size int, err error)) error {
	for limit := max(t.max, maxRaw); ; {
		size, err := parse(t.rest())
		switch {
		case size > 0 || err != nil:
			return err
		case len(t.rest()) > limit:
			return malformed(fmt.Sprintf("markup of more than %d bytes", limit))
		case !t.more():
			return errCut
		}
	}
}

// problemOf returns the reason for which a text cannot be used, or nothing. What cannot be recoded became U+FFFD.
func (t *tmxReader) problemOf(text []byte) string {
	switch {
	case t.recoded && bytes.Contains(text, []byte("\ufffd")):
		return badUTF8
	case isXML(text):
		return ""
	}
	return cmp.Or(problemOf(text), badValue)
}

// isXML tells whether a text is nothing but characters that XML allows, in UTF-8.
func isXML(text []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for len(text) > 0 {
		switch c := text[0]; {
		case c < utf8.RuneSelf:
			if len(text) >= 8 {
				word := binary.LittleEndian.Uint64(text)
				if (word|(word-' '*ones))&highs == 0 { // all are ASCII, none is below a space
					text = text[8:]
					continue
				}
			}
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
				return false
			}
			text = text[1:]
		case c >= 0xe1 && c <= 0xec && len(text) > 2 && text[1]&0xc0 == 0x80 && text[2]&0xc0 == 0x80,
			c == 0xe0 && len(text) > 2 && text[1]&0xe0 == 0xa0 && text[2]&0xc0 == 0x80: // most scripts of Asia
			text = text[3:]
		default:
			char, size := utf8.DecodeRune(text)
			if char == utf8.RuneError && size == 1 || char == 0xfffe || char == 0xffff {
				return false
			}
			text = text[size:]
		}
	}
	return true
}
