package sinks

import (
	"encoding/binary"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// levels returns the values of a column, with Parquet's definition and repetition levels where it has some. Lists and what
// is in them are never null; other columns are null where the definition level is below highest.
func levels(a arrow.Array, highest int16) (values arrow.Array, definition, repetition []int16) {
	list, ok := a.(*array.List)
	if !ok {
		a.Retain()
		if highest == 0 {
			return a, nil, nil
		}
		definition = make([]int16, a.Len())
		for i := range definition {
			if a.IsValid(i) {
				definition[i] = highest
			}
		}
		return a, definition, nil
	}
	for i := range list.Len() {
		from, to := list.ValueOffsets(i)
		if from == to {
			definition, repetition = append(definition, 0), append(repetition, 0)
		}
		for j := from; j < to; j++ {
			definition, repetition = append(definition, highest), append(repetition, min(1, int16(j-from)))
		}
	}
	return array.NewSlice(list.ListValues(), first(list), end(list)), definition, repetition
}

func first(list *array.List) int64 { from, _ := list.ValueOffsets(0); return from }
func end(list *array.List) int64   { _, to := list.ValueOffsets(list.Len() - 1); return to }

// Runs are levels in Parquet's run-length encoding, for levels up to 255.
type runs struct {
	encoded []byte
	value   byte
	length  int
}

// add adds a value n times.
func (r *runs) add(value byte, n int) {
	if value != r.value {
		r.end()
		r.value = value
	}
	r.length += n
}

func (r *runs) end() {
	if r.length > 0 {
		r.encoded = append(binary.AppendUvarint(r.encoded, uint64(r.length)<<1), r.value)
		r.length = 0
	}
}

// appendTo appends the levels as they stand in a page, after their length, and begins anew.
func (r *runs) appendTo(page []byte) []byte {
	r.end()
	page = binary.LittleEndian.AppendUint32(page, uint32(len(r.encoded)))
	page = append(page, r.encoded...)
	r.encoded = r.encoded[:0]
	return page
}
