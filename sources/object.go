package sources

import (
	"bytes"
	"encoding/json"
)

// scanObject calls field with each key and value of a line that is one JSON object, as they are written, the keys without
// quotes. It is false where the line is no such object or a key is escaped: what is wrong is then for encoding/json to
// say, which takes ten times as long.
func scanObject(line []byte, field func(key, value []byte)) bool {
	rest, ok := after(line, '{')
	if !ok {
		return false
	}
	if end, ok := after(rest, '}'); ok {
		return len(spaceless(end)) == 0
	}
	for {
		key, rest0 := value(spaceless(rest))
		if len(key) < 2 || key[0] != '"' || bytes.IndexByte(key, '\\') >= 0 {
			return false
		}
		if rest, ok = after(rest0, ':'); !ok {
			return false
		}
		raw, rest0 := value(spaceless(rest))
		if raw == nil {
			return false
		}
		field(key[1:len(key)-1], raw)
		if rest, ok = after(rest0, ','); ok {
			continue
		}
		end, ok := after(rest0, '}')
		return ok && len(spaceless(end)) == 0
	}
}

// after is what follows a byte that may have white space before it; false if something else does.
func after(text []byte, b byte) ([]byte, bool) {
	text = spaceless(text)
	if len(text) == 0 || text[0] != b {
		return nil, false
	}
	return text[1:], true
}

// spaceless is text without the white space of JSON that it begins with.
func spaceless(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t' || text[0] == '\n' || text[0] == '\r') {
		text = text[1:]
	}
	return text
}

// value cuts text behind the JSON value that it begins with; nil if it is none.
func value(text []byte) (raw, rest []byte) {
	size := extent(text)
	raw, rest = text[:size], text[size:]
	if size > 0 && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 {
		for _, b := range raw {
			if b < ' ' {
				return nil, nil
			}
		}
		return raw, rest
	}
	if !json.Valid(raw) {
		return nil, nil
	}
	return raw, rest
}

// extent is the size of the value that a text begins with, if it is one; 0 if it has no end.
func extent(text []byte) int {
	for at, depth := 0, 0; at < len(text); at++ {
		switch text[at] {
		case '"':
			size := stringSize(text[at:])
			if size == 0 {
				return 0
			}
			if at += size - 1; depth == 0 {
				return at + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 { // of the object around a number or literal
				return at
			}
			if depth == 0 {
				return at + 1
			}
		case ',', ' ', '\t', '\n', '\r', ':':
			if depth == 0 {
				return at
			}
		}
	}
	return 0
}

// stringSize is the size of the string that a text begins with, quotes included; 0 if it has no end.
func stringSize(text []byte) int {
	for at := 1; ; {
		i := bytes.IndexByte(text[at:], '"')
		if i < 0 {
			return 0
		}
		at += i + 1
		slashes := 0
		for text[at-2-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return at
		}
	}
}
