package sources

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/schemas"
)

// Reasons for which a row is rejected, whatever the kind.
const (
	lineTooLong    = "line_too_long"
	badUTF8        = "bad_utf8"
	nulByte        = "nul_byte"
	missingColumns = "missing_columns"
	duplicateID    = "duplicate_id"
	badValue       = "bad_value"
	badXML         = "bad_xml"
)

const (
	defaultMaxLine = 1 << 20
	maxRaw         = 64 << 10 // bytes of a rejected row that are kept
)

// A reading is one call of a source's Read.
type reading struct {
	ctx     context.Context
	out     schemas.Output
	maxLine int
}

func (r reading) rows(schema *arrow.Schema) *rows { return newRows(r.ctx, r.out, schema) }

// each calls row for every line of a file that can be used. Blank lines are dropped, bad ones rejected.
func (r reading) each(file string, row func(*lines) error) error {
	return r.eachWanted(file, nil, row)
}

// eachWanted does so for the wanted file of an archive.
func (r reading) eachWanted(file string, wanted func(string) bool, row func(*lines) error) error {
	l, err := r.lines(file, wanted)
	if err != nil {
		return err
	}
	defer l.close()
	for l.next() {
		if err := row(l); err != nil {
			return err
		}
	}
	return l.err
}

func (r reading) lines(file string, wanted func(string) bool) (*lines, error) {
	in, err := open(r.ctx, file, wanted)
	if err != nil {
		return nil, err
	}
	l := &lines{input: in, out: r.out, max: r.maxLine, after: in.start}
	if r.out.Mended != nil {
		l.mended = r.out.Mended(in.path)
	}
	return l, nil
}

// A lines reader cuts an input into lines. Lines end with LF or CRLF; the last one needs no end.
type lines struct {
	*input
	out schemas.Output
	max int // longest line in bytes

	text    []byte // the line without its end, valid until the next one; the beginning of a line that is too long
	number  int64  // from 1
	offset  int64  // of the line's first byte in the decompressed file
	problem string // reason for which the line cannot be used, or empty
	err     error  // what ended reading, nil at the end of the file

	after  int64            // offset of the next line
	mended map[int64][]byte // lines to be read in place of the file's, by offset
	long   []byte
	fields [][]byte
}

// next moves to the next line that can be used; false at the end or after an error.
func (l *lines) next() bool {
	for l.scan() {
		switch {
		case l.problem != "":
			l.err = l.reject(l.problem, "")
		case blank(l.text):
			l.out.Drop("empty", 1)
		default:
			return true
		}
	}
	return false
}

// scan moves to the next line, whatever is on it.
func (l *lines) scan() bool {
	if l.err != nil {
		return false
	}
	l.offset = l.after
	line, size, err := l.read()
	l.after += size
	if err != nil && err != io.EOF {
		l.err = fmt.Errorf("reading %s: line %d: %w", l.path, l.number+1, err)
	}
	if l.err != nil || size == 0 {
		return false
	}
	l.number++
	if mended, ok := l.mended[l.offset]; ok {
		line = mended
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	l.text = bytes.TrimSuffix(line, []byte("\r"))
	l.problem = ""
	if len(l.text) > l.max {
		l.text, l.problem = l.text[:min(l.max, maxRaw)], lineTooLong
	} else {
		l.problem = problemOf(l.text)
	}
	return true
}

// read returns a line with its end, or the first bytes of one that is too long, and its true size.
func (l *lines) read() (line []byte, size int64, err error) {
	line, err = l.ReadSlice('\n')
	size = int64(len(line))
	if err != bufio.ErrBufferFull {
		return line, size, err
	}
	l.long = append(l.long[:0], line...)
	for err == bufio.ErrBufferFull {
		line, err = l.ReadSlice('\n')
		size += int64(len(line))
		l.long = append(l.long, line[:max(0, min(len(line), l.max+2-len(l.long)))]...)
	}
	return l.long, size, err
}

// reject puts the line into quarantine.
func (l *lines) reject(reason, format string, args ...any) error {
	return l.out.Reject(schemas.Rejected{Path: l.path, Line: l.number, Offset: l.offset, Reason: reason,
		Detail: fmt.Sprintf(format, args...), Raw: bytes.Clone(l.text[:min(len(l.text), maxRaw)])})
}

// tabs cuts the line at its first n-1 tabs. The fields are valid until the next line. A line with fewer is rejected:
// the fields are then nil. Columns names those that are expected.
func (l *lines) tabs(n int, columns string) ([][]byte, error) {
	l.fields = l.fields[:0]
	rest := l.text
	for len(l.fields) < n-1 {
		i := bytes.IndexByte(rest, '\t')
		if i < 0 {
			break
		}
		l.fields, rest = append(l.fields, rest[:i]), rest[i+1:]
	}
	l.fields = append(l.fields, rest)
	return l.enough(n, columns)
}

// words does so at runs of spaces and tabs, and leaves any further words out.
func (l *lines) words(n int, columns string) ([][]byte, error) {
	l.fields = l.fields[:0]
	for rest := l.text; len(l.fields) < n; {
		rest = bytes.TrimLeft(rest, " \t")
		if len(rest) == 0 {
			break
		}
		end := bytes.IndexAny(rest, " \t")
		if end < 0 {
			end = len(rest)
		}
		l.fields, rest = append(l.fields, rest[:end]), rest[end:]
	}
	return l.enough(n, columns)
}

func (l *lines) enough(n int, columns string) ([][]byte, error) {
	if len(l.fields) < n {
		return nil, l.reject(missingColumns, "expected %d columns (%s), found %d", n, columns, len(l.fields))
	}
	return l.fields, nil
}

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
