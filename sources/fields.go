package sources

import (
	"bytes"
	"fmt"

	"github.com/segmentio/asm/utf8"
)

// A parser takes a line apart, or says why it is of no use. It is called on several goroutines at once. What it returns
// is valid as long as the line.
type parser[T any] func(line []byte, s *splitter) (T, *bad)

// A splitter cuts lines into fields, which are valid as long as the lines.
type splitter struct{ fields [][]byte }

// tabs cuts a line at its first n-1 tabs. Columns names those that are expected.
func (s *splitter) tabs(line []byte, n int, columns string) ([][]byte, *bad) {
	from := len(s.fields)
	for len(s.fields) < from+n-1 {
		i := bytes.IndexByte(line, '\t')
		if i < 0 {
			break
		}
		s.fields, line = append(s.fields, line[:i]), line[i+1:]
	}
	s.fields = append(s.fields, line)
	return enough(s.fields[from:], n, columns)
}

// words does so at runs of spaces and tabs, and leaves any further words out.
func (s *splitter) words(line []byte, n int, columns string) ([][]byte, *bad) {
	from := len(s.fields)
	for i := 0; len(s.fields) < from+n; {
		for i < len(line) && isBlank(line[i]) {
			i++
		}
		begin := i
		for i < len(line) && !isBlank(line[i]) {
			i++
		}
		if begin == i {
			break
		}
		s.fields = append(s.fields, line[begin:i])
	}
	return enough(s.fields[from:], n, columns)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func enough(fields [][]byte, n int, columns string) ([][]byte, *bad) {
	if len(fields) < n {
		return nil, badly(missingColumns, "expected %d columns (%s), found %d", n, columns, len(fields))
	}
	return fields, nil
}

// A bad row is one that is rejected, or dropped.
type bad struct {
	reason, detail string
	dropped        bool
}

func badly(reason, format string, args ...any) *bad {
	return &bad{reason: reason, detail: fmt.Sprintf(format, args...)}
}

func drop(reason string) *bad { return &bad{reason: reason, dropped: true} }

var emptyRow = drop("empty")

// problemOf returns the reason for which a text cannot be used, or nothing.
func problemOf(text []byte) string {
	switch {
	case !utf8.Valid(text):
		return badUTF8
	case bytes.IndexByte(text, 0) >= 0:
		return nulByte
	}
	return ""
}

// blank tells whether a text is nothing but white space.
func blank(text []byte) bool {
	for _, b := range text {
		if b > ' ' {
			return len(bytes.TrimSpace(text)) == 0
		}
	}
	return true
}
