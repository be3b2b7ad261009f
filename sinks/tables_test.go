package sinks

import (
	"context"
	"iter"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// builtOf is a table of rows: texts, whole numbers, numbers, lists of texts, and nil for null.
func builtOf(t *testing.T, checked memory.Allocator, name string, schema *arrow.Schema, rows ...[]any) schemas.Table {
	return schemas.Table{Name: name, Schema: schema, Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for _, row := range rows { // a batch each, so that what is kept of one must have been copied
				b := array.NewRecordBuilder(checked, schema)
				for i, value := range row {
					appendValue(t, b.Field(i), value)
				}
				batch := b.NewRecordBatch()
				more := yield(batch, nil)
				batch.Release()
				b.Release()
				if !more {
					return
				}
			}
		}
	}}
}

func appendValue(t *testing.T, b array.Builder, value any) {
	switch of := value.(type) {
	case nil:
		b.AppendNull()
	case string:
		b.(*array.StringBuilder).Append(of)
	case float64:
		b.(*array.Float64Builder).Append(of)
	case []string:
		list := b.(*array.ListBuilder)
		list.Append(true)
		for _, text := range of {
			appendValue(t, list.ValueBuilder(), text)
		}
	case int:
		switch b := b.(type) {
		case *array.Int32Builder:
			b.Append(int32(of))
		case *array.Int64Builder:
			b.Append(int64(of))
		}
	default:
		t.Fatalf("%T", value)
	}
}
