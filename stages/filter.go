package stages

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// emitRows emits those rows of a batch, numbered in increasing order, as one batch; nothing if there are none.
func emitRows(out schemas.Output, batch arrow.RecordBatch, rows []int) error {
	if len(rows) == 0 {
		return nil
	}
	taken, err := takeBatch(out.Allocator, batch, rows)
	if err != nil {
		return err
	}
	defer taken.Release()
	return out.Emit(taken)
}

// takeBatch copies rows of a batch, numbered in increasing order; one at least.
func takeBatch(allocator memory.Allocator, batch arrow.RecordBatch, rows []int) (arrow.RecordBatch, error) {
	columns := make([]arrow.Array, batch.NumCols())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	for c := range columns {
		var err error
		if columns[c], err = takeRows(allocator, batch.Column(c), rows); err != nil {
			return nil, err
		}
	}
	return array.NewRecordBatch(batch.Schema(), columns, int64(len(rows))), nil
}

// takeRows copies rows of a column of any type, a run of neighbours at a time.
func takeRows(allocator memory.Allocator, column arrow.Array, rows []int) (arrow.Array, error) {
	var runs []arrow.Array
	defer func() {
		for _, r := range runs {
			r.Release()
		}
	}()
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to] == rows[to-1]+1 {
			to++
		}
		runs = append(runs, array.NewSlice(column, int64(rows[from]), int64(rows[to-1]+1)))
		from = to
	}
	return array.Concatenate(runs, allocator)
}
