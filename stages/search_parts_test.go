package stages

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// randomVectors is a table of so many rows in batches of a thousand.
func randomVectors(name string, rows, d int) schemas.Table {
	t := schemas.Table{Name: name, Schema: schemas.Vectors(d, false)}
	b := array.NewRecordBuilder(memory.DefaultAllocator, t.Schema)
	r := rand.New(rand.NewPCG(1, uint64(rows)))
	var batches []arrow.RecordBatch
	for i := range rows {
		appendText(b.Field(0), "en")
		appendText(b.Field(1), fmt.Sprint(i))
		list := b.Field(2).(*array.FixedSizeListBuilder)
		list.Append(true)
		for range d {
			list.ValueBuilder().(*array.Float32Builder).Append(float32(r.NormFloat64()))
		}
		if i%1000 == 999 || i == rows-1 {
			batches = append(batches, b.NewRecordBatch())
		}
	}
	return ofBatches(t, batches)
}

func ofBatches(t schemas.Table, batches []arrow.RecordBatch) schemas.Table {
	t.Batches = func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for _, batch := range batches {
				if !yield(batch, nil) {
					return
				}
			}
		}
	}
	return t
}

// BenchmarkSearchParts searches 200,000 documents in one piece, and in eight that are merged, by one worker.
func BenchmarkSearchParts(b *testing.B) {
	documents, queries := randomVectors("documents", 200_000, 384), randomVectors("queries", 1000, 384)
	var all, made []arrow.RecordBatch
	for batch := range documents.Batches(b.Context()) {
		all = append(all, batch)
	}
	parts := NewSearch().Parts()
	job := Job{Workers: 1, Progress: func(int64, int64, string) {}, Outputs: map[string]schemas.Output{
		Part: {Allocator: memory.DefaultAllocator, Emit: func(batch arrow.RecordBatch) error {
			batch.Retain()
			made = append(made, batch)
			return nil
		}},
		"hits": {Allocator: memory.DefaultAllocator, Emit: func(arrow.RecordBatch) error { return nil }},
	}}
	b.Run("whole", func(b *testing.B) {
		job.Tables = map[string][]schemas.Table{"queries": {queries}, "documents": {documents}}
		for b.Loop() {
			if _, err := NewSearch().Run(b.Context(), job); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parts", func(b *testing.B) {
		for b.Loop() {
			made = nil
			for part := range slices.Chunk(all, len(all)/8) {
				job.Tables = map[string][]schemas.Table{"queries": {queries}, "documents": {ofBatches(documents, part)}}
				if err := parts.Make(b.Context(), job); err != nil {
					b.Fatal(err)
				}
			}
			job.Tables[Part] = []schemas.Table{ofBatches(schemas.Table{Schema: parts.Schema}, made)}
			if err := parts.Merge(b.Context(), job); err != nil {
				b.Fatal(err)
			}
		}
	})
}
