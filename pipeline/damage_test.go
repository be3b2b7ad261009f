package pipeline

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/klauspost/compress/zstd"

	"github.com/ferry-clir/ferry/schemas"
)

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// lines are n lines of a format that takes the line's number twice.
func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+"\n", i, i)
	}
	return b.String()
}

// cut is the first two thirds of a file.
func cut(s string) string { return s[:len(s)*2/3] }

func tmx(body string) string {
	return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<tmx version=\"1.4\"><header/><body>\n" + body + "\n</body></tmx>\n"
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func zstandard(s string) string {
	w, _ := zstd.NewWriter(nil)
	defer w.Close()
	return string(w.EncodeAll([]byte(s), nil))
}

// zipped is an archive of files, given as name and text in turns.
func zipped(files ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, _ := w.Create(files[i])
		f.Write([]byte(files[i+1]))
	}
	w.Close()
	return b.String()
}

func nan() float32 { return float32(math.NaN()) }
func inf() float32 { return float32(math.Inf(1)) }

// vectors is a Parquet file of ids and vectors as lists of any length, null for nil.
func vectors(rows ...[]float32) string {
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "vector", Type: arrow.ListOf(arrow.PrimitiveTypes.Float32), Nullable: true}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	list := b.Field(1).(*array.ListBuilder)
	for i, row := range rows {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprint("v", i))
		list.Append(row != nil)
		list.ValueBuilder().(*array.Float32Builder).AppendValues(row, nil)
	}
	return parquetOf(b)
}

// bytesOf is a Parquet file of 20 vectors of length 1 as int8, and one of 0 and a number at a 127th of a scale.
func bytesOf(scale float32, number int8) string {
	schema := schemas.Scaled(schemas.Vectors(2, false))
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range 21 {
		b.Field(0).(*array.StringBuilder).Append("en")
		b.Field(1).(*array.StringBuilder).Append(fmt.Sprint("v", i))
		list, numbers, of := b.Field(2).(*array.FixedSizeListBuilder), []int8{95, 127}, float32(0.8)
		if i == 20 {
			numbers, of = []int8{0, number}, scale
		}
		list.Append(true)
		list.ValueBuilder().(*array.Int8Builder).AppendValues(numbers, nil)
		b.Field(3).(*array.Float32Builder).Append(of / 127)
	}
	return parquetOf(b)
}

// parquetOf is a Parquet file of the rows that have been built.
func parquetOf(b *array.RecordBuilder) string {
	batch := b.NewRecordBatch()
	defer batch.Release()
	var file bytes.Buffer
	w, err := pqarrow.NewFileWriter(b.Schema(), &file, nil, pqarrow.DefaultWriterProps())
	if err == nil {
		err = w.Write(batch)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return file.String()
}
