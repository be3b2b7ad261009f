package sinks

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet/compress"

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

func writeParquet(ctx context.Context, path string, codec compress.Compression, tables []schemas.Table) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	return f.Publish(writeTables(ctx, f, codec, tables))
}

func writeTables(ctx context.Context, f io.Writer, codec compress.Compression, tables []schemas.Table) error {
	all := make([]*arrow.Schema, len(tables))
	for i, t := range tables {
		all[i] = t.Schema
	}
	w, err := newParquetWriter(f, schemas.WithLineage(tables[0].Schema, schemas.Lineage(all...)), codec)
	if err != nil {
		return err
	}
	defer w.release()
	for _, t := range tables {
		for batch, err := range t.Batches(ctx) {
			if err != nil {
				return err
			}
			if err := w.write(batch); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.close()
}
