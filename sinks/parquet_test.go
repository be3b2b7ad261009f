package sinks

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/ferry-clir/ferry/schemas"
)

// TestParquet writes tables of every kind of column, whole and sliced, and reads them back with arrow-go and, where
// FERRY_PYTHON names a Python that has them, with pyarrow and polars.
func TestParquet(t *testing.T) {
	folder := t.TempDir()
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name        string
		rows, batch int
		unique      bool // texts hardly repeat
		longest     int  // text, in words
		compression string
	}{
		{"none-0", 0, 10, true, 5, "none"},
		{"zstd-1", 1, 1, true, 5, "zstd"},
		{"snappy-700", 700, 64, false, 5, "snappy"},
		{"zstd-3000", 3000, 1024, true, 80, "zstd"},
		{"none-9000", 9000, 64, false, 5, "none"},
		{"zstd-wide", 200, 7, true, 20_000, "zstd"}, // several pages and row groups
	} {
		var batches []arrow.RecordBatch
		for n := 0; n < c.rows; n += c.batch {
			batches = append(batches, randomBatch(checked, r, min(c.batch, c.rows-n), c.unique, c.longest))
		}
		table := tableOf(batches)
		defer func() {
			for _, b := range batches {
				b.Release()
			}
		}()
		sink := &Parquet{Path: schemas.Path(filepath.Join(folder, c.name+".parquet")), Compression: c.compression}
		if _, err := sink.Write(t.Context(), Job{Tables: map[string][]schemas.Table{"from": {table}}}); err != nil {
			t.Fatal(err)
		}
		again(t, sink, table)
		writeIPC(t, filepath.Join(folder, c.name+".arrow"), batches)
		compare(t, string(sink.Path), batches)
	}
	t.Run("python", func(t *testing.T) {
		python := os.Getenv("FERRY_PYTHON")
		if python == "" {
			t.Skip("FERRY_PYTHON names no Python with pyarrow and polars")
		}
		out, err := exec.Command(python, "testdata/same_table.py", folder).CombinedOutput()
		if err != nil || strings.Count(string(out), "ok ") != 6 {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// again writes the file once more, on another number of threads: the bytes are the same.
func again(t *testing.T, sink *Parquet, table schemas.Table) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(5))
	first, err := os.ReadFile(string(sink.Path))
	if err != nil {
		t.Fatal(err)
	}
	if err := writeParquet(t.Context(), string(sink.Path), codecs[sink.Compression], []schemas.Table{table}); err != nil {
		t.Fatal(err)
	}
	if second, err := os.ReadFile(string(sink.Path)); err != nil || !bytes.Equal(first, second) {
		t.Errorf("%s: written again, it has other bytes; %v", sink.Path, err)
	}
}

// TestDiskFull fails at many places, and gets the disk's error each time.
func TestDiskFull(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for room := 0; room < 1<<20; room = 2*room + 100 {
		w, err := newParquetWriter(&disk{room}, everyColumn, codecs["none"])
		if err != nil {
			t.Fatal(err)
		}
		batch := randomBatch(memory.DefaultAllocator, r, 500, true, 2000)
		if err = w.write(batch); err == nil {
			err = w.close()
		}
		w.release()
		if !errors.Is(err, errFull) {
			t.Errorf("after %d bytes: %v", room, err)
		}
	}
}

// A disk has room for so many bytes.
type disk struct{ room int }

var errFull = errors.New("no room left")

func (d *disk) Write(data []byte) (int, error) {
	n := min(d.room, len(data))
	d.room -= n
	if n < len(data) {
		return n, errFull
	}
	return n, nil
}

// everyColumn has a column of every type that ferry's tables have.
var everyColumn = arrow.NewSchema([]arrow.Field{
	{Name: "language", Type: arrow.BinaryTypes.String},
	{Name: "text", Type: arrow.BinaryTypes.String},
	{Name: "text_or_null", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "raw", Type: arrow.BinaryTypes.Binary},
	{Name: "grade", Type: arrow.PrimitiveTypes.Int32},
	{Name: "line", Type: arrow.PrimitiveTypes.Int64},
	{Name: "value_or_null", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "exclude", Type: arrow.ListOfNonNullable(arrow.BinaryTypes.String)},
	{Name: "ids", Type: arrow.ListOfNonNullable(arrow.PrimitiveTypes.Int32)},
	{Name: "vector", Type: arrow.FixedSizeListOfNonNullable(5, arrow.PrimitiveTypes.Float32)},
	{Name: "half", Type: arrow.FixedSizeListOfNonNullable(3, arrow.FixedWidthTypes.Float16)},
	{Name: "vectors", Type: arrow.ListOfNonNullable(arrow.FixedSizeListOfNonNullable(4, arrow.FixedWidthTypes.Float16))},
	{Name: "bytes", Type: arrow.FixedSizeListOfNonNullable(3, arrow.PrimitiveTypes.Int8)},
	{Name: "lists_of_bytes", Type: arrow.ListOfNonNullable(arrow.FixedSizeListOfNonNullable(5, arrow.PrimitiveTypes.Int8))},
}, nil)

// randomBatch makes a batch that is a slice of a larger one.
func randomBatch(allocator memory.Allocator, r *rand.Rand, rows int, unique bool, longest int) arrow.RecordBatch {
	b := array.NewRecordBuilder(allocator, everyColumn)
	defer b.Release()
	text := func(builder array.Builder) {
		n := r.IntN(3)
		if unique {
			n = r.IntN(longest)
		}
		builder.(*array.StringBuilder).Append(strings.Repeat("ñandú ", n) + strings.Repeat("x", n%3))
	}
	for range rows + 5 {
		b.Field(0).(*array.StringBuilder).Append([]string{"en", "sw"}[r.IntN(2)])
		text(b.Field(1))
		if r.IntN(3) == 0 {
			b.Field(2).AppendNull()
			b.Field(6).AppendNull()
		} else {
			text(b.Field(2))
			b.Field(6).(*array.Float64Builder).Append(r.NormFloat64())
		}
		b.Field(3).(*array.BinaryBuilder).Append([]byte{byte(r.Uint32()), 0, 0xff}[:r.IntN(4)])
		b.Field(4).(*array.Int32Builder).Append(int32(r.IntN(4)))
		b.Field(5).(*array.Int64Builder).Append(r.Int64())
		for _, field := range []int{7, 8, 11, 13} {
			list := b.Field(field).(*array.ListBuilder)
			list.Append(true)
			for range r.IntN(4) {
				switch values := list.ValueBuilder().(type) {
				case *array.StringBuilder:
					text(values)
				case *array.Int32Builder:
					values.Append(r.Int32N(250_000))
				case *array.FixedSizeListBuilder:
					appendVector(values, r)
				}
			}
		}
		appendVector(b.Field(9).(*array.FixedSizeListBuilder), r)
		appendVector(b.Field(10).(*array.FixedSizeListBuilder), r)
		appendVector(b.Field(12).(*array.FixedSizeListBuilder), r)
	}
	whole := b.NewRecordBatch()
	defer whole.Release()
	return whole.NewSlice(3, int64(3+rows))
}

func appendVector(b *array.FixedSizeListBuilder, r *rand.Rand) {
	b.Append(true)
	for range b.Type().(*arrow.FixedSizeListType).Len() {
		switch values := b.ValueBuilder().(type) {
		case *array.Float32Builder:
			values.Append(float32(r.NormFloat64()))
		case *array.Float16Builder:
			values.Append(float16.New(float32(r.NormFloat64())))
		case *array.Int8Builder:
			values.Append(int8(r.Int32()))
		}
	}
}

func tableOf(batches []arrow.RecordBatch) schemas.Table {
	return schemas.Table{Name: "every", Schema: everyColumn, Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for _, b := range batches {
				if !yield(b, nil) {
					return
				}
			}
		}
	}}
}

func writeIPC(t *testing.T, path string, batches []arrow.RecordBatch) {
	t.Helper()
	var file bytes.Buffer
	w := ipc.NewWriter(&file, ipc.WithSchema(everyColumn))
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// compare reads a file with arrow-go.
func compare(t *testing.T, path string, batches []arrow.RecordBatch) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	read, err := pqarrow.ReadTable(t.Context(), f, parquet.NewReaderProperties(nil), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	want := array.NewTableFromRecords(everyColumn, batches)
	defer want.Release()
	for i, field := range everyColumn.Fields() {
		got := read.Column(i)
		if !arrow.TypeEqual(got.DataType(), field.Type) || got.Field().Nullable != field.Nullable {
			t.Errorf("%s: %s is %s", path, field.Name, got.Field())
		}
		if !array.ChunkedEqual(got.Data(), want.Column(i).Data()) {
			t.Errorf("%s: %s is not what was written", path, field.Name)
		}
	}
}
