package stages

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// column is a batch's column of that name, whose type the check has made sure of.
func column[A arrow.Array](batch arrow.RecordBatch, name string) A {
	return batch.Column(batch.Schema().FieldIndices(name)[0]).(A)
}

// texts is a column of strings.
func texts(batch arrow.RecordBatch, name string) *array.String {
	return column[*array.String](batch, name)
}

// int32List returns the values of row i of a column of int32 lists, without copying.
func int32List(list *array.List, i int) []int32 {
	from, to := list.ValueOffsets(i)
	return list.ListValues().(*array.Int32).Int32Values()[from:to]
}

// float32List is int32List of a column of float32 lists.
func float32List(list *array.List, i int) []float32 {
	from, to := list.ValueOffsets(i)
	return list.ListValues().(*array.Float32).Float32Values()[from:to]
}

// stringList returns the values of row i of a column of string lists, copied.
func stringList(list *array.List, i int) []string {
	from, to := list.ValueOffsets(i)
	values := list.ListValues().(*array.String)
	var copied []string
	for j := from; j < to; j++ {
		copied = append(copied, clone(values.Value(int(j))))
	}
	return copied
}

// clone copies a string out of a batch that will be released.
func clone(s string) string { return string(append([]byte(nil), s...)) }

// appendInts appends one list to a builder of int32 lists.
func appendInts(b array.Builder, values []int32) {
	list := b.(*array.ListBuilder)
	list.Append(true)
	list.ValueBuilder().(*array.Int32Builder).AppendValues(values, nil)
}

func appendText(b array.Builder, s string) { b.(*array.StringBuilder).Append(s) }

// appendTextOrNull appends a text, or null if it is empty.
func appendTextOrNull(b array.Builder, s string) {
	if s == "" {
		b.AppendNull()
		return
	}
	appendText(b, s)
}

// appendTexts appends one list to a builder of lists of texts.
func appendTexts(b array.Builder, values []string) {
	list := b.(*array.ListBuilder)
	list.Append(true)
	list.ValueBuilder().(*array.StringBuilder).AppendValues(values, nil)
}

// emitBuilt emits the rows that a builder holds, and leaves it empty.
func emitBuilt(out schemas.Output, b *array.RecordBuilder) error {
	made := b.NewRecordBatch()
	defer made.Release()
	return out.Emit(made)
}
