package stages

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// heldRows are record batches in memory whose last column is a key.
type heldRows struct {
	batches []arrow.RecordBatch
	rows    int64
	size    int64 // bytes
}

// A place is a row that is held.
type place struct {
	key        uint64
	batch, row int32
}

func (h *heldRows) add(batch arrow.RecordBatch) {
	batch.Retain()
	h.batches = append(h.batches, batch)
	h.rows += batch.NumRows()
	for _, column := range batch.Columns() {
		h.size += int64(column.Data().SizeInBytes())
	}
	h.size += batch.NumRows() * placeBytes
}

// placeBytes is what a place takes beside its row.
const placeBytes = 16

func (h *heldRows) release() {
	for _, batch := range h.batches {
		batch.Release()
	}
	*h = heldRows{}
}

// places are all rows, in order.
func (h *heldRows) places() []place {
	places := make([]place, 0, h.rows)
	for b, batch := range h.batches {
		keys := batch.Column(int(batch.NumCols()) - 1).(*array.Uint64).Uint64Values()
		for row, key := range keys {
			places = append(places, place{key, int32(b), int32(row)})
		}
	}
	return places
}

// rowsOf is how many rows come to about so many bytes, between 1 and 1024.
func (h *heldRows) rowsOf(bytes int64) int {
	return int(min(1024, max(1, bytes*h.rows/max(1, h.size))))
}

// take copies rows, with the columns of a schema that has the first ones of what is held.
func (h *heldRows) take(allocator memory.Allocator, schema *arrow.Schema, places []place) (arrow.RecordBatch, error) {
	columns := make([]arrow.Array, 0, schema.NumFields())
	defer func() {
		for _, c := range columns {
			c.Release()
		}
	}()
	rows := make([]arrow.Array, len(places))
	for c := range schema.NumFields() {
		for i, p := range places {
			rows[i] = array.NewSlice(h.batches[p.batch].Column(c), int64(p.row), int64(p.row)+1)
		}
		column, err := array.Concatenate(rows, allocator)
		for _, row := range rows {
			row.Release()
		}
		if err != nil {
			return nil, err
		}
		columns = append(columns, column)
	}
	return array.NewRecordBatch(schema, columns, int64(len(places))), nil
}
