package sources

import (
	"fmt"
	"unicode/utf8"
)

// A malformed error says what is wrong with a piece of XML.
type malformed string

func (m malformed) Error() string { return string(m) }

// A tag is one of XML. Its slices are those of the text that it was parsed from.
type tag struct {
	name       []byte // empty if this is no tag
	local      []byte // its end after the prefix
	end        bool   // </name>
	empty      bool   // <name/>
	first      attribute
	attributes []byte // all of them
	size       int    // in bytes; 0 where the text ends before the tag
}

// parse reads the tag with whose < the text begins.
func (t *tag) parse(b []byte) error {
	*t = tag{}
	i := 1
	if len(b) > 1 && b[1] == '/' {
		t.end, i = true, 2
	}
	n := nameLength(b[i:])
	if i+n == len(b) {
		return nil
	}
	if n == 0 || !beginsName(b[i]) {
		return malformed("a < that begins no tag")
	}
	t.name = b[i : i+n]
	t.local = local(t.name)
	i += n
	for start := i; ; {
		i += spaceLength(b[i:])
		switch {
		case i >= len(b), b[i] == '/' && i+1 == len(b):
			return nil
		case b[i] == '>':
			t.attributes, t.size = b[start:i], i+1
			return nil
		case b[i] == '/' && b[i+1] == '>' && !t.end:
			t.attributes, t.empty, t.size = b[start:i], true, i+2
			return nil
		case t.end:
			return malformed(fmt.Sprintf("</%s is not followed by >", t.name))
		}
		a, err := parseAttribute(b[i:])
		if err != nil || a.size == 0 {
			return err
		}
		if t.first.size == 0 {
			t.first = a
		}
		i += a.size
	}
}

func tagSize(b []byte) (int, error) {
	var t tag
	err := t.parse(b)
	return t.size, err
}

// An attribute is name="value", or with apostrophes.
type attribute struct {
	name, value []byte
	size        int // in bytes; 0 where the text ends before the attribute
}

func parseAttribute(b []byte) (attribute, error) {
	n := nameLength(b)
	equals := n + spaceLength(b[n:])
	if equals >= len(b) {
		return attribute{}, nil
	}
	if n == 0 || b[equals] != '=' {
		return attribute{}, malformed("an attribute without a value")
	}
	quote := equals + 1 + spaceLength(b[equals+1:])
	if quote >= len(b) {
		return attribute{}, nil
	}
	if b[quote] != '"' && b[quote] != '\'' {
		return attribute{}, malformed("an attribute's value without quotes")
	}
	for i := quote + 1; i < len(b); i++ {
		switch b[i] {
		case b[quote]:
			return attribute{b[:n], b[quote+1 : i], i + 1}, nil
		case '<':
			return attribute{}, malformed("a < in an attribute's value")
		}
	}
	return attribute{}, nil
}

// value is that of the first attribute of a tag with a name, whatever the prefix; empty if there is none.
func (t *tag) value(name string) []byte {
	if string(local(t.first.name)) == name {
		return t.first.value
	}
	for rest := t.attributes; ; {
		rest = rest[spaceLength(rest):]
		a, err := parseAttribute(rest)
		if err != nil || a.size == 0 {
			return nil
		}
		if string(local(a.name)) == name {
			return a.value
		}
		rest = rest[a.size:]
	}
}

// local is a name without its prefix.
func local(name []byte) []byte {
	for i, c := range name { // a few bytes
		if c == ':' && i > 0 && i+1 < len(name) {
			return name[i+1:]
		}
	}
	return name
}

// endsName are the bytes that are in no name.
var endsName = [256]bool{' ': true, '\t': true, '\n': true, '\r': true, '/': true, '>': true, '=': true, '<': true, '"': true, '\'': true, '&': true}

func nameLength(b []byte) int {
	for i, c := range b {
		if endsName[c] {
			return i
		}
	}
	return len(b)
}

func beginsName(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == ':' || c >= utf8.RuneSelf
}

func spaceLength(b []byte) int {
	for i, c := range b {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return i
		}
	}
	return len(b)
}
