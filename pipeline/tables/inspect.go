package tables

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/ferry-clir/ferry/sinks"
)

// Inspect writes what is in a Parquet or Arrow file: columns, number of rows, metadata, and the first rows. What columns mean that ferry
// wrote is asked of docs, by name.
func Inspect(ctx context.Context, w io.Writer, path string, rows int, docs func() (map[string]string, error)) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("inspecting: %w", err)
	}
	defer f.Close()
	defer func() {
		if p := recover(); p != nil { // the readers panic at some damaged files
			err = fmt.Errorf("inspecting %s: the file is damaged: %v", path, p)
		}
	}()
	if stat, err := f.Stat(); err == nil && stat.IsDir() {
		return fmt.Errorf("inspecting %s: it is a folder", path)
	}
	magic := make([]byte, 6)
	if _, err := io.ReadFull(f, magic); err != nil {
		return fmt.Errorf("inspecting %s: it is shorter than any Parquet or Arrow file", path)
	}
	switch {
	case bytes.HasPrefix(magic, []byte("PAR1")):
		err = inspectParquet(ctx, w, f, rows, docs)
	case bytes.Equal(magic, ipc.Magic):
		err = inspectArrow(w, f, rows)
	default:
		err = errors.New("it is neither a Parquet nor an Arrow file")
	}
	if err != nil {
		return fmt.Errorf("inspecting %s: %w", path, err)
	}
	return nil
}

func inspectParquet(ctx context.Context, w io.Writer, f *os.File, rows int, docs func() (map[string]string, error)) error {
	r, err := file.NewParquetReader(f)
	if err != nil {
		return err
	}
	defer r.Close()
	p, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: int64(max(1, rows))}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	schema, err := p.Schema()
	if err != nil {
		return err
	}
	var meanings map[string]string // columns of other people's files may have the same names and mean something else
	if r.MetaData().GetCreatedBy() == sinks.ParquetCreator {
		if meanings, err = docs(); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "Parquet, %d rows in %d row groups\n", r.NumRows(), r.NumRowGroups())
	writeSchema(w, schema, meanings)
	batches, err := p.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return err
	}
	defer batches.Release()
	for shown := 0; shown < rows && batches.Next(); {
		shown += writeRows(w, batches.RecordBatch(), shown, rows)
	}
	if err := batches.Err(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func inspectArrow(w io.Writer, f *os.File, rows int) error {
	r, err := open(f, memory.DefaultAllocator)
	if err != nil {
		return fmt.Errorf("the file is damaged: %w", err)
	}
	defer r.Close()
	var total int64
	for i := range r.NumRecords() {
		batch, err := r.RecordBatchAt(i)
		if err != nil {
			return err
		}
		total += batch.NumRows()
		batch.Release()
	}
	fmt.Fprintf(w, "Arrow, %d rows in %d record batches\n", total, r.NumRecords())
	writeSchema(w, r.Schema(), nil)
	for i, shown := 0, 0; i < r.NumRecords() && shown < rows; i++ {
		batch, err := r.RecordBatchAt(i)
		if err != nil {
			return err
		}
		shown += writeRows(w, batch, shown, rows)
		batch.Release()
	}
	return nil
}

func writeSchema(w io.Writer, schema *arrow.Schema, docs map[string]string) {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range schema.Fields() {
		fmt.Fprintf(columns, "  %s: %s", f.Name, FieldText(f))
		if doc := docs[f.Name]; doc != "" {
			fmt.Fprintf(columns, "\t%s", doc)
		}
		fmt.Fprintln(columns)
	}
	columns.Flush()
	metadata := schema.Metadata().ToMap()
	var keys []string
	for key := range metadata {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		fmt.Fprintf(w, "  metadata %s: %s\n", key, short(metadata[key]))
	}
}

// writeRows writes the rows of a batch, up to limit in all, and returns how many.
func writeRows(w io.Writer, batch arrow.RecordBatch, shown, limit int) int {
	n := min(int(batch.NumRows()), limit-shown)
	for i := range n {
		fmt.Fprintf(w, "row %d\n", shown+i+1)
		for c, column := range batch.Columns() {
			fmt.Fprintf(w, "  %s: %s\n", batch.ColumnName(c), valueText(column, i))
		}
	}
	return n
}

func valueText(column arrow.Array, i int) string {
	if list, ok := column.(array.ListLike); ok && !column.IsNull(i) {
		from, to := list.ValueOffsets(i)
		var values []string
		for j := from; j < to && j < from+4; j++ {
			values = append(values, valueText(list.ListValues(), int(j)))
		}
		if to-from > 4 {
			values = append(values, fmt.Sprintf("... %d in all", to-from))
		}
		return "[" + strings.Join(values, ", ") + "]"
	}
	if raw, ok := column.(*array.Binary); ok && !raw.IsNull(i) { // a row of the quarantine: text, mostly
		quoted := strconv.QuoteToGraphic(string(raw.Value(i)))
		return short(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`))
	}
	return short(column.ValueStr(i))
}

// short cuts a value to one line of a terminal.
func short(s string) string {
	s = strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s)
	if r := []rune(s); len(r) > 100 {
		return string(r[:100]) + "..."
	}
	return s
}
