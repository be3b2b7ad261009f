package pipeline

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quoted is a byte as quote writes it.
var quoted = regexp.MustCompile(`<0x[0-9A-F]{2}>`)

// quote writes bytes as one line of UTF-8, which editors leave as it is: a byte that is not UTF-8, a line break and any
// other control character but the tab stand as <0x0A>. Nothing else is written in another way, but for text that looks
// like this.
func quote(raw []byte) string {
	var b strings.Builder
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		escape := r == utf8.RuneError && size == 1 || unicode.IsControl(r) && r != '\t' ||
			r == '<' && quoted.Match(raw[i:min(i+6, len(raw))]) || r == '\ufeff'
		for _, c := range raw[i : i+size] {
			if escape {
				fmt.Fprintf(&b, "<0x%02X>", c)
			} else {
				b.WriteByte(c)
			}
		}
		i += size
	}
	return b.String()
}

// unquote is the inverse of quote.
func unquote(text string) []byte {
	return []byte(quoted.ReplaceAllStringFunc(text, func(s string) string {
		c, err := strconv.ParseUint(s[3:5], 16, 8)
		if err != nil {
			panic("pipeline: the pattern has two hexadecimal digits")
		}
		return string([]byte{byte(c)})
	}))
}

// cell is quoted text without tabs, for a column before the last.
func cell(text string) string { return strings.ReplaceAll(quote([]byte(text)), "\t", "<0x09>") }
