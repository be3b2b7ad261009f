package stages

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// scaledRows are random rows of some vectors each, (rows, each, d), whose scales are powers of two.
type scaledRows struct {
	each, d int
	numbers []int8
	scales  []float32
}

func newScaledRows(rows, each, d int) scaledRows {
	s := scaledRows{each, d, make([]int8, rows*each*d), make([]float32, rows*each)}
	r := rand.New(rand.NewPCG(3, 8))
	for i := range s.numbers {
		s.numbers[i] = int8(r.IntN(255) - 127)
	}
	for i := range s.scales {
		s.scales[i] = float32(math.Ldexp(1, -r.IntN(3)))
	}
	return s
}

// similarity is the dot product of two rows, or MaxSim, a sum of whole numbers times a power of two, which float32 holds.
func (s scaledRows) similarity(query, document int) (sum float64) {
	for q := query * s.each; q < (query+1)*s.each; q++ {
		best := math.Inf(-1)
		for x := document * s.each; x < (document+1)*s.each; x++ {
			dot := 0
			for j := range s.d {
				dot += int(s.numbers[q*s.d+j]) * int(s.numbers[x*s.d+j])
			}
			best = max(best, float64(dot)*float64(s.scales[q])*float64(s.scales[x]))
		}
		sum += best
	}
	return sum / float64(s.each)
}

// table has the rows as vectors, or as token vectors, with their numbers for ids.
func (s scaledRows) table(allocator memory.Allocator, tokens bool) schemas.Table {
	schema := schemas.Scaled(schemas.Vectors(s.d, false))
	if tokens {
		schema = schemas.Scaled(schemas.TokenVectors(s.d, false))
	}
	return schemas.Table{Name: "all", Schema: schema, Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		b := array.NewRecordBuilder(allocator, schema)
		defer b.Release()
		for i := range len(s.scales) / s.each {
			appendText(b.Field(0), "en")
			appendText(b.Field(1), fmt.Sprint(i))
			scales, at := s.scales[i*s.each:(i+1)*s.each], b.Field(2)
			if tokens {
				appendInts(b.Field(2), make([]int32, s.each))
				appendFloats(b.Field(4), scales)
				lists := b.Field(3).(*array.ListBuilder)
				lists.Append(true)
				at = lists.ValueBuilder()
			} else {
				b.Field(3).(*array.Float32Builder).Append(scales[0])
			}
			vectors := at.(*array.FixedSizeListBuilder)
			for range s.each {
				vectors.Append(true)
			}
			vectors.ValueBuilder().(*array.Int8Builder).AppendValues(s.numbers[i*s.each*s.d:(i+1)*s.each*s.d], nil)
		}
		batch := b.NewRecordBatch()
		return func(yield func(arrow.RecordBatch, error) bool) {
			defer batch.Release()
			yield(batch, nil)
		}
	}}
}

// TestSearchInt8 has exact scores, of the best documents.
func TestSearchInt8(t *testing.T) {
	allocator := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer allocator.AssertSize(t, 0)
	const n = 200
	for each, tokens := range map[int]bool{1: false, 2: true} {
		rows := newScaledRows(n, each, 70)
		s := NewSearch()
		s.Top = 10
		table := rows.table(allocator, tokens)
		hits, scores, err := hitsOf(t, allocator, s, table, table)
		if err != nil || len(hits) != n*s.Top {
			t.Fatalf("%d hits, %v", len(hits), err)
		}
		for query := range n {
			var want []float64
			for document := range n {
				want = append(want, rows.similarity(query, document))
			}
			slices.Sort(want)
			slices.Reverse(want)
			for rank, hit := range hits[query*s.Top : (query+1)*s.Top] {
				var of, document int
				fmt.Sscan(hit, &of, &document)
				if of != query || scores[hit] != want[rank] || scores[hit] != rows.similarity(query, document) {
					t.Fatalf("%s at %d scores %v, want %v", hit, rank, scores[hit], want[rank])
				}
			}
		}
	}
}
