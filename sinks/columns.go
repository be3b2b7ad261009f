package sinks

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// eachBatch calls do with every batch of the tables.
func eachBatch(ctx context.Context, tables []schemas.Table, do func(arrow.RecordBatch)) error {
	for _, t := range tables {
		for batch, err := range t.Batches(ctx) {
			if err != nil {
				return err
			}
			do(batch)
		}
	}
	return nil
}

// column is a batch's column of that name, whose type the check has made sure of.
func column[A arrow.Array](batch arrow.RecordBatch, name string) A {
	return batch.Column(batch.Schema().FieldIndices(name)[0]).(A)
}

func textsOf(batch arrow.RecordBatch, name string) *array.String {
	return column[*array.String](batch, name)
}
