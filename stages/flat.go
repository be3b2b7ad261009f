package stages

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A flat is a column of lists of int32 that is being made, all of them in one buffer: whoever appends to values writes
// into the very memory that becomes the column.
type flat struct {
	values  []int32
	offsets []int32
}

// newFlat begins a column of so many lists, with room for about so many values.
func newFlat(lists, values int) *flat {
	return &flat{make([]int32, 0, values), make([]int32, 1, lists+1)}
}

// end ends a list.
func (f *flat) end() { f.offsets = append(f.offsets, int32(len(f.values))) }

// array is the column, to which the buffers then belong.
func (f *flat) array() arrow.Array {
	values := ints(f.values)
	defer values.Release()
	offsets := memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(f.offsets))
	data := array.NewData(arrow.ListOfNonNullable(arrow.PrimitiveTypes.Int32), len(f.offsets)-1, []*memory.Buffer{nil, offsets}, []arrow.ArrayData{values.Data()}, 0, 0)
	defer data.Release()
	return array.NewListData(data)
}

// ints is a column of int32, to which the slice then belongs.
func ints(values []int32) arrow.Array {
	buffer := memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(values))
	data := array.NewData(arrow.PrimitiveTypes.Int32, len(values), []*memory.Buffer{nil, buffer}, nil, 0, 0)
	defer data.Release()
	return array.NewInt32Data(data)
}

// same are columns of a batch, as they are.
func same(batch arrow.RecordBatch, names ...string) []arrow.Array {
	var columns []arrow.Array
	for _, name := range names {
		c := column[arrow.Array](batch, name)
		c.Retain()
		columns = append(columns, c)
	}
	return slices.Clip(columns)
}
