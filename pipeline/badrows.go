package pipeline

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/ferry-clir/ferry/schemas"
)

// A badRow is a row of the quarantine, or of a list of such rows. Reason and detail are for people and may be missing.
type badRow struct {
	place
	line           int64
	reason, detail string
	raw            []byte
}

// listHeader is the first line of a list of bad rows that people edit: tab-separated, in the form that quote gives text.
var listHeader = strings.Join([]string{schemas.FilePath, schemas.Line, schemas.Offset, schemas.Reason, schemas.Detail, schemas.Raw}, "\t")

// longestListLine bounds the memory of reading one, in bytes.
const longestListLine = 64 << 20

// readBadRows calls row for every row of a quarantine or of a list made from one. It returns the metadata of a Parquet file.
func readBadRows(ctx context.Context, name string, row func(badRow) error) (metadata map[string]string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer func() {
		if p := recover(); p != nil { // the reader panics at some damaged files
			err = fmt.Errorf("the file is damaged: %v", p)
		}
	}()
	magic := make([]byte, 4)
	if _, err := f.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(magic) != "PAR1" {
		return nil, readList(f, row)
	}
	r, err := file.NewParquetReader(f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	p, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: 256}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	schema, err := p.Schema()
	if err != nil {
		return nil, err
	}
	batches, err := p.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	defer batches.Release()
	for batches.Next() {
		if err := badRowsOf(batches.RecordBatch(), row); err != nil {
			return nil, err
		}
	}
	if err := batches.Err(); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return schema.Metadata().ToMap(), nil
}

// badRowsOf calls row for every row of a batch, whose columns other programs may have written in types of their own.
func badRowsOf(batch arrow.RecordBatch, row func(badRow) error) error {
	columns := map[string]arrow.Array{}
	for i, column := range batch.Columns() {
		columns[batch.ColumnName(i)] = column
	}
	for _, name := range []string{schemas.FilePath, schemas.Offset, schemas.Raw} {
		if columns[name] == nil {
			return fmt.Errorf("it has no column %s; it should have those of the quarantine", name)
		}
	}
	for i := range int(batch.NumRows()) {
		value := func(name string) (v []byte, err error) {
			if columns[name] == nil {
				return nil, nil
			}
			if v, err = bytesAt(columns[name], i); err != nil {
				return nil, fmt.Errorf("row %d: %s %w", i+1, name, err)
			}
			return v, nil
		}
		path, err1 := value(schemas.FilePath)
		offset, err2 := value(schemas.Offset)
		raw, err3 := value(schemas.Raw)
		if err := cmp.Or(err1, err2, err3); err != nil {
			return err
		}
		line, _ := value(schemas.Line) // this one and the next two are for messages
		reason, _ := value(schemas.Reason)
		detail, _ := value(schemas.Detail)
		b := badRow{place: place{path: string(path)}, reason: string(reason), detail: string(detail), raw: raw}
		var err error
		if b.offset, err = strconv.ParseInt(string(offset), 10, 64); err != nil {
			return fmt.Errorf("row %d: offset %q is no whole number", i+1, offset)
		}
		b.line, _ = strconv.ParseInt(string(line), 10, 64)
		if err := row(b); err != nil {
			return err
		}
	}
	return nil
}

// bytesAt is a value of text, bytes or a whole number.
func bytesAt(column arrow.Array, i int) ([]byte, error) {
	if column.IsNull(i) {
		return nil, errors.New("is null; to leave a row out, make its raw bytes empty")
	}
	switch a := column.(type) {
	case *array.Binary:
		return a.Value(i), nil
	case *array.LargeBinary:
		return a.Value(i), nil
	case *array.Dictionary:
		return bytesAt(a.Dictionary(), a.GetValueIndex(i))
	case *array.String, *array.LargeString, *array.StringView:
		return []byte(a.ValueStr(i)), nil
	}
	if arrow.IsInteger(column.DataType().ID()) {
		return []byte(column.ValueStr(i)), nil
	}
	return nil, fmt.Errorf("should be bytes, text or a whole number, is %s", column.DataType())
}

var errNoList = errors.New("it is neither Parquet nor a list of bad rows, whose first line is " + strings.ReplaceAll(listHeader, "\t", ", "))

// readList calls row for every line of a list.
func readList(r io.Reader, row func(badRow) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(nil, longestListLine)
	line := 1
	for ; s.Scan(); line++ {
		text := string(bytes.TrimSuffix(bytes.TrimPrefix(s.Bytes(), []byte("\ufeff")), []byte("\r")))
		if line == 1 {
			if text != listHeader {
				return errNoList
			}
			continue
		}
		f := strings.SplitN(text, "\t", 6)
		if len(f) < 6 {
			return fmt.Errorf("line %d: has %d columns; the 6th, after a tab, is the row, which is left out if it is empty", line, len(f))
		}
		offset, err := strconv.ParseInt(f[2], 10, 64)
		if err != nil {
			return fmt.Errorf("line %d: offset %q is no whole number", line, f[2])
		}
		b := badRow{place: place{string(unquote(f[0])), offset}, raw: unquote(f[5])}
		b.line, _ = strconv.ParseInt(f[1], 10, 64)
		if err := row(b); err != nil {
			return err
		}
	}
	if line == 1 && s.Err() == nil {
		return errNoList
	}
	return s.Err()
}
