package sinks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/ferry-clir/ferry/schemas"
)

// Parquet writes tables of one schema as one Parquet file, one after the other. Vectors stay fixed-size lists: the
// file carries its Arrow schema, which pyarrow, polars and arrow-go read back.
type Parquet struct {
	// From names the table, or several of the same columns.
	From []schemas.TableRef `yaml:"from" ferry:"required"`
	// Path of the file.
	Path schemas.Path `yaml:"path" ferry:"required"`
	// Compression of the columns: zstd, snappy or none.
	Compression string `yaml:"compression"`
}

// NewParquet returns a Parquet with its defaults.
func NewParquet() *Parquet { return &Parquet{Compression: "zstd"} }

var codecs = map[string]compress.Compression{
	"zstd": compress.Codecs.Zstd, "snappy": compress.Codecs.Snappy, "none": compress.Codecs.Uncompressed,
}

// Validate checks the path and the compression.
func (p *Parquet) Validate() []schemas.Mistake {
	var found []schemas.Mistake
	if stat, err := os.Stat(string(p.Path)); err == nil && stat.IsDir() {
		found = append(found, schemas.Mistake{Key: "path", Problem: "is a folder; name a file"})
	}
	if _, ok := codecs[p.Compression]; !ok {
		found = append(found, schemas.Mistake{Key: "compression", Problem: fmt.Sprintf("should be zstd, snappy or none, is %q", p.Compression)})
	}
	return found
}

// Accepts takes any tables of one schema.
func (p *Parquet) Accepts(in map[string][]schemas.TableType) []schemas.Mistake {
	return sameColumns("from", in["from"])
}

// sameColumns reports a table whose columns are not those of the first.
func sameColumns(key string, tables []schemas.TableType) []schemas.Mistake {
	for _, t := range tables[min(1, len(tables)):] {
		if !t.Schema.Equal(tables[0].Schema) {
			return []schemas.Mistake{{Key: key, Problem: fmt.Sprintf("%s and %s have different columns and cannot stand in one file", tables[0].Name, t.Name)}}
		}
	}
	return nil
}

// Files is the file.
func (p *Parquet) Files() []string { return []string{string(p.Path)} }

// Write writes the file.
func (p *Parquet) Write(ctx context.Context, job Job) (string, error) {
	return "", writeParquet(ctx, string(p.Path), codecs[p.Compression], job.Tables["from"])
}

// WriteParquet writes a table as a Parquet file that appears complete or not at all.
func WriteParquet(ctx context.Context, path string, t schemas.Table) error {
	return writeParquet(ctx, path, compress.Codecs.Zstd, []schemas.Table{t})
}

// A row group ends after so many rows, or with the record batch in which it reaches so many bytes: that bounds the
// writer's memory, which is several times a row group.
const (
	rowGroup      = 16384
	rowGroupBytes = 32 << 20
)

func writeParquet(ctx context.Context, path string, codec compress.Compression, tables []schemas.Table) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	// The dictionary is off for numbers, which hardly repeat, and on for text.
	options := []parquet.WriterProperty{
		parquet.WithCompression(codec), parquet.WithMaxRowGroupLength(rowGroup), parquet.WithCreatedBy("ferry"),
		parquet.WithStats(true), parquet.WithAllocator(memory.DefaultAllocator),
	}
	for _, name := range []string{schemas.Vector, schemas.TokenVectorList} {
		if tables[0].Schema.HasField(name) {
			options = append(options, parquet.WithDictionaryPath(parquet.ColumnPathFromString(leaf(tables[0].Schema, name)), false))
		}
	}
	w, err := pqarrow.NewFileWriter(tables[0].Schema, struct{ io.Writer }{f}, parquet.NewWriterProperties(options...),
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema(), pqarrow.WithAllocator(memory.DefaultAllocator)))
	if err != nil {
		return f.Publish(fmt.Errorf("writing %s: %w", path, err))
	}
	err = writeRows(ctx, w, tables)
	err = errors.Join(err, w.Close())
	return f.Publish(err)
}

// leaf is the Parquet column path of a list column's values.
func leaf(schema *arrow.Schema, name string) string {
	field := schema.Field(schema.FieldIndices(name)[0])
	path := name
	for t := field.Type; slices.Contains([]arrow.Type{arrow.LIST, arrow.FIXED_SIZE_LIST}, t.ID()); {
		path += ".list.element"
		t = t.(arrow.ListLikeType).Elem()
	}
	return path
}

// writeRows cuts rows into row groups.
func writeRows(ctx context.Context, w *pqarrow.FileWriter, tables []schemas.Table) error {
	size := int64(0) // of the row group, in memory
	for _, t := range tables {
		for batch, err := range t.Batches(ctx) {
			if err != nil {
				return err
			}
			if size >= rowGroupBytes {
				w.NewBufferedRowGroup()
				size = 0
			}
			for _, column := range batch.Columns() {
				size += int64(column.Data().SizeInBytes())
			}
			if err := w.WriteBuffered(batch); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}
