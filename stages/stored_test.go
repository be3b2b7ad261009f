package stages

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/schemas"
)

// TestStored reads back what is stored in 16 bits or 8, of a part of a batch too: a number is off by one in 2048 at most, as IEEE 754
// has it, or by a 254th of the vector's largest.
func TestStored(t *testing.T) {
	const n, d = 5, 37
	for _, schema := range []*arrow.Schema{schemas.HalfVectors(d, false), schemas.Scaled(schemas.Vectors(d, false)),
		schemas.TokenVectors(d, false), schemas.Scaled(schemas.TokenVectors(d, false))} {
		allocator := memory.NewCheckedAllocator(memory.NewGoAllocator())
		defer allocator.AssertSize(t, 0)
		made := make([]model.Embedded, n)
		r := rand.New(rand.NewPCG(1, 16))
		var want []float32
		texts := array.NewRecordBuilder(allocator, schemas.Queries())
		defer texts.Release()
		for i := range made {
			vectors := make([]float32, d*(1+i%3))
			for j := range vectors {
				vectors[j] = float32(r.NormFloat64())
			}
			if !isTokenVectors(schema) {
				vectors = vectors[:d]
			}
			made[i] = model.Embedded{Vector: vectors, TokenVectors: vectors, IDs: make([]int32, len(vectors)/d)}
			want = append(want, vectors...)
			appendText(texts.Field(0), "en")
			appendText(texts.Field(1), string(rune('a'+i)))
			appendText(texts.Field(2), "")
			appendTexts(texts.Field(3), nil)
		}
		rows := texts.NewRecordBatch()
		defer rows.Release()
		var v vectorRows
		v.reset(d)
		err := emitVectors(schemas.Output{Allocator: allocator, Emit: func(batch arrow.RecordBatch) error {
			part := batch.NewSlice(2, n)
			defer part.Release()
			v.add(part)
			v.add(batch)
			return nil
		}}, schema, rows, made)
		want = append(want[len(made[0].Vector)+len(made[1].Vector):len(want):len(want)], want...)
		if err != nil || len(v.vectors) != len(want) || v.rows[0].ID != "c" {
			t.Fatalf("%s: %d numbers of rows from %v; %v", schema, len(v.vectors), v.rows[0], err)
		}
		bytes := schema.HasField(schemas.Scale) || schema.HasField(schemas.Scales)
		for i, x := range want {
			bound := math.Abs(float64(x))/2048 + 1e-7
			if vector := want[i/d*d:][:d]; bytes {
				bound = float64(max(slices.Max(vector), -slices.Min(vector)))/254 + 1e-6
			}
			if off := math.Abs(float64(v.vectors[i] - x)); off > bound {
				t.Errorf("%s: number %d is %g, want %g", schema, i, v.vectors[i], x)
			}
		}
	}
}

// TestTokenVectorsRounded stores numbers halfway between two of 16 bits, which are next to each other if their bits are.
func TestTokenVectorsRounded(t *testing.T) {
	b := array.NewListBuilder(memory.DefaultAllocator, arrow.FixedSizeListOfNonNullable(1, arrow.FixedWidthTypes.Float16))
	defer b.Release()
	const largest = 0x7bff
	var between []float32
	for bits := range uint16(largest) {
		between = append(between, (halfOf(bits)+halfOf(bits+1))/2)
	}
	appendTokenVectors(b, between, 1)
	list := b.NewListArray()
	defer list.Release()
	halves := list.ListValues().(*array.FixedSizeList).ListValues().(*array.Float16)
	for i, x := range between {
		if got, even := halves.Value(i).Uint16(), uint16(i+i%2); got != even {
			t.Fatalf("%g becomes %g, want %g", x, halfOf(got), halfOf(even))
		}
	}
}

// halfOf is the positive number that IEEE 754 has these 16 bits for.
func halfOf(bits uint16) float32 {
	exponent, mantissa := int(bits>>10), int(bits&0x3ff)
	if exponent > 0 {
		mantissa += 0x400
	}
	return float32(math.Ldexp(float64(mantissa), max(exponent, 1)-25))
}

// A vector that 8 bits hold nothing of is not stored.
func TestUnstorable(t *testing.T) {
	for _, c := range []struct {
		store string
		v     []float32
		want  error
	}{
		{float32Name, []float32{1e-40, 1e30}, nil},
		{float16Name, []float32{1, 65520}, errBeyondFloat16},
		{int8Name, []float32{1, 65520}, nil},
		{int8Name, []float32{1e-40, -1e-40}, model.ErrZeroVector},
		{int8Name, nil, nil}, // only token vectors are wanted
	} {
		if err := unstorable(c.store, c.v); err != c.want {
			t.Errorf("%v as %s: %v", c.v, c.store, err)
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
