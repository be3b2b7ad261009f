package sources

import (
	"cmp"
	"context"
	"iter"

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
	piece   int           // bytes of a file that are read and parsed at a time
	slots   chan struct{} // taken by whoever computes
}

func newReading(ctx context.Context, out schemas.Output, maxLine int) reading {
	out.MaxExpansion = cmp.Or(out.MaxExpansion, schemas.MaxExpansion)
	return reading{ctx, out, maxLine, pieceBytes, make(chan struct{}, max(1, out.Workers))}
}

// mended are the rows of a file that a person has mended, by offset.
func (r reading) mended(path string) map[int64][]byte {
	if r.out.Mended == nil {
		return nil
	}
	return r.out.Mended(path)
}

func (r reading) rows(schema *arrow.Schema) *rows { return newRows(r.ctx, r.out, schema) }

// openLines begins to read a file. Parse takes a line apart, or says why it is of no use; it is called for lines that are
// neither blank nor bad, on several goroutines at once, and may be nil.
func openLines[T any](r reading, file string, wanted func(string) bool, parse parser[T]) (*lines[T], error) {
	in, err := open(r, file, wanted)
	if err != nil {
		return nil, err
	}
	return readLines(r, in, parse), nil
}

// scanFiles reads several files, each the one that a pattern names, bare, compressed or in an archive. A few are opened
// before their turn. One that cannot be opened has no lines but the error. They come in the order of the patterns or, if
// all are in one tar archive, in its order.
func scanFiles[T any](r reading, patterns []string, parse parser[T]) iter.Seq2[int, *lines[T]] {
	const most = 4
	return func(yield func(int, *lines[T]) bool) {
		if archive, inner, ok := tarOf(patterns); ok {
			scanTape(r, archive, inner, parse, yield)
			return
		}
		var ahead []*lines[T]
		defer func() {
			for _, l := range ahead {
				l.close()
			}
		}()
		for i := range patterns {
			for i+len(ahead) < len(patterns) && len(ahead) < min(most, cap(r.slots)) {
				ahead = append(ahead, openNamed(r, patterns[i+len(ahead)], parse))
			}
			more := yield(i, ahead[0])
			ahead[0].close()
			ahead = ahead[1:]
			if !more {
				return
			}
		}
	}
}

func openNamed[T any](r reading, pattern string, parse parser[T]) *lines[T] {
	file, err := locate(pattern)
	if err != nil {
		return &lines[T]{err: err}
	}
	var wanted func(string) bool
	if _, inner, ok := inArchive(pattern); ok {
		wanted = endsIn(inner)
	}
	l, err := openLines(r, file, wanted, parse)
	if err != nil {
		return &lines[T]{err: err}
	}
	return l
}
