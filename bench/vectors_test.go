package bench

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks"
)

// writingVectors writes vectors of length 1 in random directions, which lie in memory in batches of 64, as the embed
// stage makes them.
func writingVectors(compression string) func(int) (task, error) {
	const rows, batch, d = 200_000, 64, 384
	return func(int) (task, error) {
		schema := schemas.Vectors(d, false)
		r := rand.New(rand.NewPCG(workloadSeed, 0))
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		var batches []arrow.RecordBatch
		for i := range rows {
			b.Field(0).(*array.StringBuilder).Append("en")
			b.Field(1).(*array.StringBuilder).Append(fmt.Sprint("doc", i))
			list := b.Field(2).(*array.FixedSizeListBuilder)
			list.Append(true)
			list.ValueBuilder().(*array.Float32Builder).AppendValues(direction(r, d), nil)
			if (i+1)%batch == 0 || i+1 == rows {
				batches = append(batches, b.NewRecordBatch())
			}
		}
		table := schemas.Table{Name: "vectors", Schema: schema, Rows: rows, Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
			return func(yield func(arrow.RecordBatch, error) bool) {
				for _, b := range batches {
					if !yield(b, nil) {
						return
					}
				}
			}
		}}
		sink := sinks.NewParquet()
		sink.Path, sink.Compression = schemas.Path(filepath.Join(inputs, "vectors-"+compression+".parquet")), compression
		return task{size: rows, items: rows, prepare: func() { must(os.RemoveAll(string(sink.Path))) }, run: func() {
			_, err := sink.Write(context.Background(), sinks.Job{Tables: map[string][]schemas.Table{"from": {table}}})
			must(err)
		}}, nil
	}
}

// direction draws a vector of length 1.
func direction(r *rand.Rand, d int) []float32 {
	v, sum := make([]float32, d), 0.0
	for i := range v {
		v[i] = float32(r.NormFloat64())
		sum += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}
