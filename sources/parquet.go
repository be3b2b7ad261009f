package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/ferry-clir/ferry/schemas"
)

// Parquet reads the user's own data from Parquet files, by any writer.
//
// The table says what they hold, with the columns that are named at jsonl. Text may be a string, a large string, a
// dictionary of them or, for ids, a whole number; vectors may be lists or fixed-size lists of 16-, 32- or 64-bit floats,
// or of int8 with a column of scales.
// The files may have more columns than the table needs: they are not read.
//
// A row with a null where the table needs a value, with a NaN or infinity in a vector, or with a vector of another
// length than the first one's, is rejected; its line is the number of the row in the file. So are a language and id
// that come twice, which costs a bit a row to find out where ids are numbers, else about 30 bytes. One page of each column
// is in memory at a time.
type Parquet struct {
	OwnFiles `yaml:",inline"`
}

// NewParquet returns the defaults: documents.
func NewParquet() *Parquet { return &Parquet{OwnFiles{Table: "documents"}} }

// Validate returns what cannot work, from the keys and the first file's schema.
func (p *Parquet) Validate() []schemas.Mistake {
	m, columns, err := p.mapping()
	if err != nil {
		return []schemas.Mistake{{Key: "path", Problem: err.Error(), Outside: true}}
	}
	return p.mistakes(m, columns)
}

// Tables is the table that is named.
func (p *Parquet) Tables() []schemas.TableType {
	m, _, _ := p.mapping()
	return m.tables()
}

// Read streams the rows in file order.
func (p *Parquet) Read(ctx context.Context, table string, out schemas.Output) error {
	m, _, err := p.mapping()
	switch {
	case table != m.table:
		return noTable("parquet", table)
	case err != nil:
		return err
	case m.schema() == nil:
		return noDimensions
	}
	files, err := globs(p.Path)
	if err != nil {
		return err
	}
	o := newOwnRows(newReading(ctx, out, 0), m)
	defer o.rows.release()
	for _, name := range files {
		if err := o.readParquet(ctx, out, name); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
	return o.rows.flush()
}

// mapping is that of the keys, completed by the first file's schema; with its columns, nil if there is no such file.
func (p *Parquet) mapping() (m mapping, columns []string, err error) {
	m = p.named()
	files, err := globs(p.Path)
	if err != nil || len(files) == 0 {
		return m, nil, nil // Files tells
	}
	if stat, err := os.Stat(files[0]); err == nil && stat.IsDir() {
		return m, nil, fmt.Errorf("%s is a folder; name its files, as in %s", files[0], filepath.Join(files[0], "*.parquet"))
	}
	defer recovered(files[0], &err)
	f, err := openParquet(files[0], memory.DefaultAllocator)
	if err != nil {
		return m, nil, fmt.Errorf("opening %s: %w", files[0], damaged(err))
	}
	defer f.ParquetReader().Close()
	for _, field := range f.Manifest.Fields {
		columns = append(columns, field.Field.Name)
	}
	m.take(columns)
	noted := f.ParquetReader().MetaData().KeyValueMetadata()
	if lineage := noted.FindValue(schemas.LineageKey); lineage != nil {
		m.lineage = strings.Split(*lineage, ",")
	}
	if prefix := noted.FindValue(schemas.Prefix); prefix != nil {
		m.prefix = *prefix
	}
	m.scaled = m.scaled && holdsBytes(f, m.layout())
	if m.hasVectors() && m.dimensions == 0 {
		if m.dimensions, err = firstWidth(f, m.layout()); err != nil {
			err = fmt.Errorf("reading %s: %w", files[0], damaged(err))
		}
	}
	return m, columns, err
}

// damaged says what to do about a file that the Parquet reader gives up, unless it is the system that refuses or somebody who stops it.
func damaged(err error) error {
	if err == nil || errors.As(err, new(syscall.Errno)) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: the file is cut short or damaged, or no Parquet; get it again", err)
}

// recovered turns a panic into an error: the Parquet reader panics at some damaged files.
func recovered(name string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("reading %s: the file is damaged: %v; get it again", name, p)
	}
}

// EachBatch reads all columns of a Parquet file, by any writer, a batch at a time; lists of a fixed size are lists in it.
// A damaged file may make it panic.
func EachBatch(ctx context.Context, path string, each func(arrow.RecordBatch)) error {
	f, err := openParquet(path, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	defer f.ParquetReader().Close()
	batches, err := f.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return err
	}
	defer batches.Release()
	for batches.Next() {
		each(batches.RecordBatch())
	}
	if err := batches.Err(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// holdsBytes tells whether vectors are of int8. Those of other types are what they are, whatever a column named as scales are may hold.
func holdsBytes(f *pqarrow.FileReader, columns []column) bool {
	for _, c := range columns {
		if c.form == vectorForm || c.form == vectorsForm {
			leaves := leavesOf(f, []column{c})
			return len(leaves) == 1 && f.Manifest.ColIndexToField[leaves[0]].Field.Type.ID() == arrow.INT8
		}
	}
	return false
}

// firstWidth returns the length of the first vector that is not null, 0 if there is none.
func firstWidth(f *pqarrow.FileReader, columns []column) (int, error) {
	for _, c := range columns {
		if c.form != vectorForm && c.form != vectorsForm {
			continue
		}
		leaves := leavesOf(f, []column{c})
		if len(leaves) == 0 {
			return 0, nil
		}
		r, err := f.GetRecordReader(context.Background(), leaves, nil)
		if err != nil {
			return 0, err
		}
		defer r.Release()
		for r.Next() {
			for row := range int(r.RecordBatch().NumRows()) {
				if v, err := cellAt(c.form, r.RecordBatch().Column(0), row); err == nil && len(v.widths) > 0 {
					return v.widths[0], nil
				}
			}
		}
		return 0, r.Err()
	}
	return 0, nil
}

// leavesOf lists the physical columns behind the table's columns.
func leavesOf(f *pqarrow.FileReader, columns []column) []int {
	var leaves []int
	var collect func(pqarrow.SchemaField)
	collect = func(field pqarrow.SchemaField) {
		if field.IsLeaf() {
			leaves = append(leaves, field.ColIndex)
		}
		for _, child := range field.Children {
			collect(child)
		}
	}
	for _, field := range f.Manifest.Fields {
		if slices.ContainsFunc(columns, func(c column) bool { return c.from == field.Field.Name }) {
			collect(field)
		}
	}
	return leaves
}

func (o *ownRows) readParquet(ctx context.Context, out schemas.Output, name string) (err error) {
	defer recovered(name, &err)
	f, err := openParquet(name, out.Allocator)
	if err != nil {
		return damaged(err)
	}
	defer f.ParquetReader().Close()
	var found []string
	for _, field := range f.Manifest.Fields {
		found = append(found, field.Field.Name)
	}
	if lacking := o.lacking(found); len(lacking) > 0 {
		return fmt.Errorf("it has the columns %v, and %s needs %v", found, o.table, lacking)
	}
	r, err := f.GetRecordReader(ctx, leavesOf(f, o.columns), nil)
	if err != nil {
		return err
	}
	defer r.Release()
	origin, row := bare(name), int64(0)
	for r.Next() {
		if err := o.putBatch(r.RecordBatch(), out, name, origin, row); err != nil {
			return err
		}
		row += r.RecordBatch().NumRows()
	}
	return damaged(r.Err())
}

// putBatch adds the rows of a batch; before is the number of rows that came before it in the file.
func (o *ownRows) putBatch(batch arrow.RecordBatch, out schemas.Output, path, origin string, before int64) error {
	arrays := make([]arrow.Array, len(o.columns))
	for i, c := range o.columns {
		if at := batch.Schema().FieldIndices(c.from); len(at) > 0 {
			arrays[i] = batch.Column(at[0])
		}
	}
	cells := make([]cell, len(o.columns))
	for row := range int(batch.NumRows()) {
		var b *bad
		for i, c := range o.columns {
			cells[i] = cell{}
			if arrays[i] == nil || b != nil {
				continue
			}
			var err error
			if cells[i], err = cellAt(c.form, arrays[i], row); err != nil {
				b = badly(badValue, "%s: %s", c.from, err)
			}
		}
		var err error
		line := before + int64(row) + 1
		if b == nil {
			b = o.complete(cells)
		}
		if b == nil {
			b, err = o.put(cells, origin, line)
		}
		switch {
		case b != nil && b.dropped:
			out.Drop(b.reason, 1)
		case b != nil:
			err = out.Reject(schemas.Rejected{Path: path, Line: line, Offset: -1, Reason: b.reason, Detail: b.detail})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
