package pipeline

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks"
)

// searchedYAML searches compressed token vectors that are there.
const searchedYAML = `name: searched
sources:
  q: {kind: parquet, table: token_vectors, path: queries-0.parquet}
  c: {kind: parquet, table: compressed, path: "compressed-*.parquet"}
  codec: {kind: parquet, table: codec, path: out/codec.parquet}
stages:
  hits: {kind: search_compressed, queries: q, documents: c, codec: codec, top: 10, candidates: 20}
sinks:
  hits: {kind: parquet, from: hits, path: out/found.parquet}
`

// TestCompressedMemory compresses 11 MB of token vectors and 44, searches 11 MB of compressed ones and 46, and asks them by hand: each
// time, both take the same memory at most.
func TestCompressedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("compresses 55 MB of token vectors")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // garbage is not what is to be measured
	var most [3][]uint64
	for _, times := range []int{1, 4} {
		folder, file := folderWith(t, "bounded.yaml")
		writeTokenVectors(t, filepath.Join(folder, "queries"), 1, 2)
		writeTokenVectors(t, filepath.Join(folder, "vectors"), 9*times, 600)
		for i, do := range []func() error{
			func() error { return run(t.Context(), t, file, Options{Workers: 2}) },
			func() error { return run(t.Context(), t, filepath.Join(folder, "searched.yaml"), Options{Workers: 2}) },
			func() error { return askOnce(t.Context(), folder) },
		} {
			runtime.GC()
			most[i] = append(most[i], heapWhile(t, do))
			if i == 0 {
				put(t, filepath.Join(folder, "searched.yaml"), searchedYAML)
				writeCompressed(t, filepath.Join(folder, "compressed"), 5*times, 4000, values(t, filepath.Join(folder, "out", "few.parquet"), schemas.CodecName)[0])
			}
		}
	}
	for i, name := range []string{"compressing", "searching", "asking"} {
		t.Logf("%s takes %d MB, of four times as many documents %d MB", name, most[i][0]>>20, most[i][1]>>20)
		if most[i][1] > most[i][0]+most[i][0]/2 {
			t.Errorf("%s takes %d MB of memory, of four times as many documents %d MB", name, most[i][0]>>20, most[i][1]>>20)
		}
	}
}

func askOnce(ctx context.Context, folder string) error {
	s, err := OpenSearcher(ctx, SearchOptions{Vectors: filepath.Join(folder, "compressed-*.parquet"), Codec: filepath.Join(folder, "out", "codec.parquet"), Model: filepath.Join(folder, "out", "model"), Top: 10})
	if err == nil {
		_, err = s.Ask(ctx, "where is the bus stop")
	}
	return err
}

// boundedTokens is how many tokens each document has in TestCompressedMemory, boundedWidth their dimensions.
const boundedTokens, boundedWidth = 16, 64

// writeTokenVectors writes files of documents with random token vectors, the same in each file.
func writeTokenVectors(t *testing.T, path string, files, documents int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	halves := make([]float16.Num, documents*boundedTokens*boundedWidth)
	for i := range halves {
		halves[i] = float16.FromBits(uint16(r.Uint32()&0x83ff | 0x3000))
	}
	writeFiles(t, path, schemas.TokenVectors(boundedWidth, false), files, documents, func(b *array.RecordBuilder, row int) {
		appendList(b.Field(2), func(ids *array.Int32Builder) { ids.AppendValues(make([]int32, boundedTokens), nil) })
		appendList(b.Field(3), func(vectors *array.FixedSizeListBuilder) {
			for range boundedTokens {
				vectors.Append(true)
			}
			vectors.ValueBuilder().(*array.Float16Builder).AppendValues(halves[row*boundedTokens*boundedWidth:][:boundedTokens*boundedWidth], nil)
		})
	})
}

// writeCompressed writes files of documents as a codec of 64 centroids and 4 bits might have compressed them.
func writeCompressed(t *testing.T, path string, files, documents int, codec string) {
	t.Helper()
	writeFiles(t, path, schemas.Compressed(), files, documents, compressedRows(codec))
}

// compressedRows appends such documents to a batch.
func compressedRows(codec string) func(b *array.RecordBuilder, _ int) {
	r := rand.NewChaCha8([32]byte{1})
	codes, residuals := make([]int32, boundedTokens), make([]byte, boundedTokens*boundedWidth/2)
	return func(b *array.RecordBuilder, _ int) {
		b.Field(2).(*array.StringBuilder).Append(codec)
		for i := range codes {
			codes[i] = int32(r.Uint64() % 64)
		}
		appendList(b.Field(3), func(list *array.Int32Builder) { list.AppendValues(codes, nil) })
		r.Read(residuals)
		b.Field(4).(*array.BinaryBuilder).Append(residuals)
	}
}

func appendList[B array.Builder](list array.Builder, values func(B)) {
	list.(*array.ListBuilder).Append(true)
	values(list.(*array.ListBuilder).ValueBuilder().(B))
}

// writeFiles writes path-0.parquet and so on, of a schema that begins with language and id.
func writeFiles(t *testing.T, path string, schema *arrow.Schema, files, rows int, appendRow func(b *array.RecordBuilder, row int)) {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for file := range files {
		batch := rowsFrom(b, file*rows, rows, appendRow)
		one := func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
			return func(yield func(arrow.RecordBatch, error) bool) { yield(batch, nil) }
		}
		err := sinks.WriteParquet(t.Context(), fmt.Sprintf("%s-%d.parquet", path, file), schemas.Table{Schema: schema, Rows: int64(rows), Batches: one})
		batch.Release()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// rowsFrom is a batch of rows that are numbered from first on.
func rowsFrom(b *array.RecordBuilder, first, rows int, appendRow func(b *array.RecordBuilder, row int)) arrow.RecordBatch {
	for row := range rows {
		b.Field(0).(*array.StringBuilder).Append("en")
		b.Field(1).(*array.StringBuilder).Append(fmt.Sprint("d", first+row))
		appendRow(b, row)
	}
	return b.NewRecordBatch()
}
