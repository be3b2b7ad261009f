package tokenizer

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// cursor walks over JSON.
type cursor struct {
	data []byte
	at   int
}

// next returns the next byte that is no white space, and stays there; 0 at the end.
func (c *cursor) next() byte {
	for ; c.at < len(c.data); c.at++ {
		if b := c.data[c.at]; b != ' ' && b != '\n' && b != '\t' && b != '\r' {
			return b
		}
	}
	return 0
}

// take steps over b, if that comes next.
func (c *cursor) take(b byte) bool {
	if c.next() != b {
		return false
	}
	c.at++
	return true
}

// enter steps into the object that comes next, to the value of the member called name.
func (c *cursor) enter(name string) bool {
	for ok := c.take('{'); ok; ok = c.skip() && c.take(',') {
		key := c.quoted()
		if !c.take(':') {
			return false
		}
		if len(key) > 2 && view(key[1:len(key)-1]) == name {
			return true
		}
	}
	return false
}

// skip steps over the value that comes next. It does not look at what numbers and words are.
func (c *cursor) skip() bool {
	for depth := 0; ; {
		switch c.next() {
		case 0:
			return false
		case '"':
			if c.quoted() == nil {
				return false
			}
		case '{', '[':
			depth++
			c.at++
		case '}', ']':
			depth--
			c.at++
		case ',', ':':
			c.at++
		default:
			for c.at++; c.at < len(c.data) && c.data[c.at] > ' ' && c.data[c.at] != ',' && c.data[c.at] != '}' && c.data[c.at] != ']'; c.at++ {
			}
		}
		if depth <= 0 {
			return depth == 0
		}
	}
}

// quoted steps over the string that comes next and returns it with its quotes, or nil.
func (c *cursor) quoted() []byte {
	if c.next() != '"' {
		return nil
	}
	for i := c.at + 1; i < len(c.data); i++ {
		switch c.data[i] {
		case '\\':
			i++
		case '"':
			raw := c.data[c.at : i+1]
			c.at = i + 1
			return raw
		}
	}
	return nil
}

// text appends the string that comes next to dst.
func (c *cursor) text(dst *[]byte) bool {
	raw := c.quoted()
	if raw == nil {
		return false
	}
	plain := raw[1 : len(raw)-1]
	for _, b := range plain {
		if b < ' ' || b == '\\' {
			plain = nil
			break
		}
	}
	if plain != nil && utf8.Valid(plain) {
		*dst = append(*dst, plain...)
		return true
	}
	var decoded string
	err := json.Unmarshal(raw, &decoded)
	*dst = append(*dst, decoded...)
	return err == nil
}

// number returns the number that comes next.
func (c *cursor) number() (float64, bool) {
	c.next()
	start := c.at
	c.either('-', '-')
	ok := c.either('0', '0') || c.digits()
	if c.either('.', '.') {
		ok = ok && c.digits()
	}
	if c.either('e', 'E') {
		_ = c.either('+', '-')
		ok = ok && c.digits()
	}
	value, err := strconv.ParseFloat(view(c.data[start:c.at]), 64)
	return value, ok && err == nil
}

// either steps over a or b, if it comes at once.
func (c *cursor) either(a, b byte) bool {
	if c.at == len(c.data) || c.data[c.at] != a && c.data[c.at] != b {
		return false
	}
	c.at++
	return true
}

// digits steps over at least one digit.
func (c *cursor) digits() bool {
	start := c.at
	for c.at < len(c.data) && c.data[c.at]-'0' <= 9 {
		c.at++
	}
	return c.at > start
}
