package sources

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// markup makes found the tag that begins here, or steps over other markup: found has then no size. Tags stay on the
// stack, since pointers in the reader cost a barrier each while garbage is collected.
func (t *tmxReader) markup(found *tag) error {
	if b := t.rest(); len(b) > 1 && b[1] != '!' && b[1] != '?' {
		if err := found.parse(b); found.size > 0 || err != nil {
			return err
		}
	}
	*found = tag{}
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
		size, err := t.wholly(parseDoctype)
		t.at += size
		return err
	}
	if _, err := t.wholly(tagSize); err != nil {
		return err
	}
	return found.parse(t.rest())
}

// past moves to after a mark.
func (t *tmxReader) past(mark string) error {
	if !t.skip(mark) {
		return errCut
	}
	t.at += len(mark)
	return nil
}

// wholly reads on until markup has a size, which is 0 as long as its end has not been read.
func (t *tmxReader) wholly(sizeOf func([]byte) (int, error)) (int, error) {
	for limit := max(t.max, maxRaw); ; {
		size, err := sizeOf(t.rest())
		switch {
		case size > 0 || err != nil:
			return size, err
		case len(t.rest()) > limit:
			return 0, malformed(fmt.Sprintf("markup of more than %d bytes", limit))
		case !t.more():
			return 0, errCut
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
	for i := 0; i < len(text); {
		for i+8 <= len(text) {
			word := binary.LittleEndian.Uint64(text[i:])
			if (word|(word-' '*ones))&highs != 0 { // not all are ASCII and none below a space
				break
			}
			i += 8
		}
		for ; i < len(text) && text[i] < utf8.RuneSelf; i++ {
			if c := text[i]; c < ' ' && c != '\t' && c != '\n' && c != '\r' {
				return false
			}
		}
		for i < len(text) && text[i] >= utf8.RuneSelf {
			if rest := text[i:]; len(rest) > 2 && rest[0]&0xf0 == 0xe0 && rest[1]&0xc0 == 0x80 && rest[2]&0xc0 == 0x80 &&
				(rest[0] == 0xe0 && rest[1] >= 0xa0 || rest[0] > 0xe0 && rest[0] < 0xed) { // most scripts of Asia
				i += 3
				continue
			}
			char, size := utf8.DecodeRune(text[i:])
			if char == utf8.RuneError && size == 1 || char == 0xfffe || char == 0xffff {
				return false
			}
			i += size
		}
	}
	return true
}
