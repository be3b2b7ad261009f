package tables

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sources"
)

// Expected is what a file of rows should be.
type Expected struct {
	Rows    int64    // -1 if unknown
	Columns []string // as Columns writes them; nil if unknown
}

// Check reads a file and says what is wrong with it, if anything is. An error is only the end of ctx.
func (e *Expected) Check(ctx context.Context, path string) (problem string, err error) {
	defer func() {
		if p := recover(); p != nil { // the readers panic at some damaged files
			problem, err = fmt.Sprintf("cannot be read: %v", p), nil
		}
	}()
	t := tableCheck{vectors: map[string]*vectorCheck{}}
	err = eachBatch(ctx, path, t.add)
	columns := listTexts(Columns(t.schema))
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "cannot be read: " + err.Error(), nil
	case e.Rows >= 0 && t.rows != e.Rows:
		return fmt.Sprintf("has %d rows, and %d were written", t.rows, e.Rows), nil
	case e.Columns != nil && !slices.Equal(columns, listTexts(e.Columns)):
		return fmt.Sprintf("has the columns %s, and %s were written", strings.Join(columns, ", "), strings.Join(listTexts(e.Columns), ", ")), nil
	case t.notFinite != "":
		return fmt.Sprintf("has %d values in %s that are no finite numbers", t.notFinites, t.notFinite), nil
	}
	for _, name := range []string{schemas.Vector, schemas.TokenVectorList} {
		if problem := t.vectors[name].problem(); problem != "" {
			return problem, nil
		}
	}
	return "", nil
}

// IsTable tells whether a file is one of rows, or has the name of one and is damaged.
func IsTable(path string) bool {
	if slices.Contains([]string{".parquet", ".arrow"}, filepath.Ext(path)) {
		return true
	}
	magic := make([]byte, len(ipc.Magic))
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	io.ReadFull(f, magic) //nolint:errcheck // a shorter file begins otherwise
	return bytes.Equal(magic, ipc.Magic) || bytes.HasPrefix(magic, []byte("PAR1"))
}

// eachBatch reads a Parquet or Arrow file, of which a little is in memory at a time.
func eachBatch(ctx context.Context, path string, each func(arrow.RecordBatch)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, len(ipc.Magic))
	if _, err := io.ReadFull(f, magic); err != nil {
		return errors.New("it is shorter than any Parquet or Arrow file")
	}
	if !bytes.Equal(magic, ipc.Magic) {
		return sources.EachBatch(ctx, path, each)
	}
	r, err := open(f, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	defer r.Close()
	for i := range r.NumRecords() {
		batch, err := r.RecordBatchAt(i)
		if err != nil {
			return err
		}
		each(batch)
		batch.Release()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// A tableCheck looks at every value of a table.
type tableCheck struct {
	schema     *arrow.Schema
	rows       int64
	notFinite  string // the first column with such values
	notFinites int64
	vectors    map[string]*vectorCheck // by column
}

func (t *tableCheck) add(batch arrow.RecordBatch) {
	t.schema = batch.Schema()
	t.rows += batch.NumRows()
	for i, column := range batch.Columns() {
		name := batch.ColumnName(i)
		innermost, values := innermost(column)
		if !isNumbers(values) {
			continue
		}
		if innermost != nil && (name == schemas.Vector || name == schemas.TokenVectorList) {
			if t.vectors[name] == nil {
				t.vectors[name] = &vectorCheck{name: name}
			}
			t.vectors[name].add(innermost, values, scales(batch, name))
		} else if n := notFinite(values); n > 0 && (t.notFinite == "" || t.notFinite == name) {
			t.notFinite = name
			t.notFinites += n
		}
	}
}

// innermost returns the innermost lists of a column, nil if it has none, and the values.
func innermost(column arrow.Array) (lists array.ListLike, values arrow.Array) {
	values = column
	for list, ok := values.(array.ListLike); ok; list, ok = values.(array.ListLike) {
		lists, values = list, list.ListValues()
	}
	return lists, values
}

// scales are those of a column of vectors, nil if it has none.
func scales(batch arrow.RecordBatch, vectors string) *array.Float32 {
	name := map[string]string{schemas.Vector: schemas.Scale, schemas.TokenVectorList: schemas.Scales}[vectors]
	at := batch.Schema().FieldIndices(name)
	if len(at) == 0 {
		return nil
	}
	_, values := innermost(batch.Column(at[0]))
	of, _ := values.(*array.Float32)
	return of
}
