package sources

import (
	"bytes"
	"fmt"
)

// maxDepth is how deep elements may be nested in a unit; inline codes need three or four levels.
const maxDepth = 100

// errCut tells that the file ended, or could not be read on, within markup or a unit.
const errCut = malformed("the file ends within the unit")

// readUnit reads what stands between the tags of a tu, the first of which has been found.
func (t *tmxReader) readUnit(found *tag) (err error) {
	t.open, t.names, t.text = t.open[:0], t.names[:0], t.text[:0]
	t.language, t.inSegment, t.native = -1, false, 0
	clear(t.texts)
	if t.id, err = appendText(t.id[:0], found.value("tuid")); err != nil {
		return err
	}
	if t.problem = t.problemOf(t.id); found.empty {
		return nil
	}
	for t.push(found.name); len(t.open) > 0; t.at += found.size {
		if err = t.takeText(); err == nil {
			err = t.markup(found)
		}
		if err == nil && found.size > 0 {
			err = t.element(found)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// takeText moves to the next tag, and takes the text before it if that is of a segment.
func (t *tmxReader) takeText() error {
	if !t.inSegment || t.native > 0 {
		if !t.skip("<") {
			return errCut
		}
		return nil
	}
	n := t.find("<", t.max)
	if n >= 0 {
		var err error
		t.text, err = appendText(t.text, t.rest()[:n])
		t.at += n
		t.limit()
		return err
	}
	if len(t.rest()) > t.max {
		t.problem = lineTooLong
	}
	if !t.skip("<") {
		return errCut
	}
	return nil
}

// takeData does so for what stands between <![CDATA[ and ]]>.
func (t *tmxReader) takeData() error {
	n := t.find("]]>", t.max)
	switch {
	case n >= 0 && t.inSegment && t.native == 0:
		t.text = appendLines(t.text, t.rest()[:n])
		t.limit()
	case n < 0 && t.inSegment && len(t.rest()) > t.max:
		t.problem = lineTooLong
	}
	return t.past("]]>")
}

func (t *tmxReader) limit() {
	if len(t.text)-t.segment > t.max {
		t.text, t.problem = t.text[:t.segment], lineTooLong
	}
}

// element deals with a tag within a unit. Of one tuv its first seg counts, of several in a language the first.
func (t *tmxReader) element(found *tag) error {
	name := found.local
	switch {
	case found.end:
		return t.pop(found.name)
	case string(name) == "tu":
		return malformed("a unit begins within a unit")
	case len(t.open) == maxDepth:
		return malformed(fmt.Sprintf("elements more than %d deep", maxDepth))
	case len(t.open) == 1 && string(name) == "tuv":
		language, err := appendText(t.scratch[:0], found.value("lang"))
		if err != nil {
			return err
		}
		t.language, t.scratch = t.wanted(language), language
	case len(t.open) == 2 && string(name) == "seg" && t.language >= 0:
		t.inSegment, t.segment = true, len(t.text)
	}
	t.native += nativeCode(name)
	t.push(found.name)
	if found.empty {
		return t.pop(found.name)
	}
	return nil
}

func (t *tmxReader) push(name []byte) {
	t.open = append(t.open, len(t.names))
	t.names = append(t.names, name...)
}

// pop ends the element that has begun last.
func (t *tmxReader) pop(name []byte) error {
	depth := len(t.open)
	start := t.open[depth-1]
	if last := t.names[start:]; !bytes.Equal(last, name) {
		return malformed(fmt.Sprintf("element <%s> closed by </%s>", last, name))
	}
	switch {
	case depth == 3 && t.inSegment:
		text := t.text[t.segment:]
		if t.problem == "" {
			t.problem = t.problemOf(text)
		}
		if text = bytes.TrimSpace(text); text == nil {
			text = []byte{} // there is a text, and it is empty
		}
		t.texts[t.language], t.inSegment, t.language = text, false, -1
	case depth == 2:
		t.language = -1
	}
	t.open, t.names = t.open[:depth-1], t.names[:start]
	t.native -= nativeCode(local(name))
	return nil
}

// nativeCode is 1 for elements whose content is markup of the word processor and not text.
func nativeCode(element []byte) int {
	switch string(element) {
	case "bpt", "ept", "it", "ph", "ut":
		return 1
	}
	return 0
}

// wanted returns which of the codes a language is, and has no text yet; -1 if none. en-US and en_GB are en, unless they
// are among the codes themselves.
func (t *tmxReader) wanted(language []byte) int {
	best := -1
	for i, code := range t.codes {
		if len(language) < len(code) || best >= 0 && len(code) <= len(t.codes[best]) {
			continue
		}
		rest := language[len(code):]
		if (len(rest) == 0 || rest[0] == '-' || rest[0] == '_') && sameCode(language[:len(code)], code) {
			best = i
		}
	}
	if best >= 0 && t.texts[best] != nil {
		return -1
	}
	return best
}

// sameCode compares codes of the same length without regard to case, and to whether - or _ stands before a region.
func sameCode(language []byte, code string) bool {
	fold := func(c byte) byte {
		switch {
		case c == '_':
			return '-'
		case 'A' <= c && c <= 'Z':
			return c + 'a' - 'A'
		}
		return c
	}
	for i, c := range language {
		if fold(c) != fold(code[i]) {
			return false
		}
	}
	return true
}
