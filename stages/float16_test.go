package stages

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/schemas"
)

// TestFloat16Vectors reads back what is stored in 16 bits, of a part of a batch too: off by one in 2048 at most, as IEEE 754 has it.
func TestFloat16Vectors(t *testing.T) {
	allocator := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer allocator.AssertSize(t, 0)
	const n, d = 5, 37
	r := rand.New(rand.NewPCG(1, 16))
	vectors := make([]float32, n*d)
	b := array.NewRecordBuilder(allocator, schemas.HalfVectors(d, false))
	defer b.Release()
	for i := range n {
		for j := range d {
			vectors[i*d+j] = float32(r.NormFloat64())
		}
		appendText(b.Field(0), "en")
		appendText(b.Field(1), string(rune('a'+i)))
		appendVector(b.Field(2), vectors[i*d:(i+1)*d])
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	part := batch.NewSlice(2, n)
	defer part.Release()
	var v vectorRows
	v.reset(d)
	v.add(part)
	v.add(batch)
	if len(v.vectors) != (n-2+n)*d || v.rows[0].ID != "c" {
		t.Fatalf("%d numbers of rows from %v", len(v.vectors), v.rows[0])
	}
	for i, want := range append(vectors[2*d:], vectors...) {
		if off := math.Abs(float64(v.vectors[i] - want)); off > math.Abs(float64(want))/2048+1e-7 {
			t.Errorf("number %d is %g, want %g", i, v.vectors[i], want)
		}
	}
}

// What float16 cannot hold is found before it is written.
func TestBeyondFloat16(t *testing.T) {
	for _, x := range []float32{0, 1, 65504, 65519, math.Nextafter32(65520, 0), 65520, 65536, 1e20} {
		for _, x := range []float32{x, -x} {
			half, back := make([]uint16, 1), make([]float32, 1)
			kernel.ToFloat16(half, []float32{x})
			kernel.FromFloat16(back, half)
			if got := beyondFloat16(x); got != math.IsInf(float64(back[0]), 0) {
				t.Errorf("%g is beyond: %t, and becomes %g", x, got, back[0])
			}
		}
	}
}
