package stages

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// emitRows emits those rows of a batch, numbered in increasing order, as one batch; nothing if there are none.
func emitRows(out schemas.Output, batch arrow.RecordBatch, rows []int) error {
	if len(rows) == 0 {
		return nil
	}
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
		if columns[c], err = takeRows(out, batch.Column(c), rows); err != nil {
			return err
		}
	}
	taken := array.NewRecordBatch(batch.Schema(), columns, int64(len(rows)))
	defer taken.Release()
	return out.Emit(taken)
}

// takeRows copies rows of a column of any type, a run of neighbours at a time.
func takeRows(out schemas.Output, column arrow.Array, rows []int) (arrow.Array, error) {
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
	return array.Concatenate(runs, out.Allocator)
}
