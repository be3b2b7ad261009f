package stages

import (
	"errors"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/schemas"
)

// float16Name is a key's word for numbers of 16 bits, 10 of them of the mantissa.
const float16Name = "float16"

var errBeyondFloat16 = errors.New("the vector has a number beyond 65504, the largest of float16; store float32 or int8, or normalize")

// unstorable says why nothing could be compared with a vector once it is stored; nil if something could.
func unstorable(store string, v []float32) error {
	switch {
	case store == float16Name && slices.ContainsFunc(v, beyondFloat16):
		return errBeyondFloat16
	case store == int8Name && len(v) > 0 && kernel.ToInt8(make([]int8, len(v)), v) == 0:
		return model.ErrZeroVector
	}
	return nil
}

// beyondFloat16 tells whether x rounds to an infinity.
func beyondFloat16(x float32) bool { return x >= 65520 || x <= -65520 }

// appendVector appends a vector to a column of them, and returns the scale of numbers of int8.
func appendVector(b array.Builder, v []float32) (scale float32) {
	list := b.(*array.FixedSizeListBuilder)
	list.Append(true)
	switch values := list.ValueBuilder().(type) {
	case *array.Float32Builder:
		values.AppendValues(v, nil)
	case *array.Float16Builder:
		halves := make([]uint16, len(v))
		kernel.ToFloat16(halves, v)
		schemas.AppendHalves(values, halves)
	case *array.Int8Builder:
		bytes := make([]int8, len(v))
		scale = kernel.ToInt8(bytes, v)
		values.AppendValues(bytes, nil)
	}
	return scale
}

// appendTokenVectors appends the rows of vectors, (tokens, d), as one list, and returns the scale of each.
func appendTokenVectors(b array.Builder, vectors []float32, d int) (scales []float32) {
	list := b.(*array.ListBuilder)
	list.Append(true)
	for ; len(vectors) > 0; vectors = vectors[d:] {
		scales = append(scales, appendVector(list.ValueBuilder(), vectors[:d]))
	}
	return scales
}

func appendFloats(b array.Builder, values []float32) {
	list := b.(*array.ListBuilder)
	list.Append(true)
	list.ValueBuilder().(*array.Float32Builder).AppendValues(values, nil)
}
