package stages

import (
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/kernel"
)

// float16Name is a key's word for numbers of 16 bits, 10 of them of the mantissa.
const float16Name = "float16"

var errBeyondFloat16 = errors.New("the vector has a number beyond 65504, the largest of float16; store float32, or normalize")

// beyondFloat16 tells whether x rounds to an infinity.
func beyondFloat16(x float32) bool { return x >= 65520 || x <= -65520 }

func appendVector(b array.Builder, v []float32) {
	list := b.(*array.FixedSizeListBuilder)
	list.Append(true)
	switch values := list.ValueBuilder().(type) {
	case *array.Float32Builder:
		values.AppendValues(v, nil)
	case *array.Float16Builder:
		halves := make([]uint16, len(v))
		kernel.ToFloat16(halves, v) // rounds, where float16.New cuts
		values.AppendValues(arrow.Float16Traits.CastFromBytes(arrow.Uint16Traits.CastToBytes(halves)), nil)
	}
}
