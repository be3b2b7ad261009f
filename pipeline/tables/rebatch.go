package tables

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Batches that are read have so many rows, or fewer if they have more bytes than that: where they end depends on the shard's rows
// alone and not on how they were emitted, as do the bytes of what is made of them.
const (
	batchRows  = 1024
	batchBytes = 16 << 20
)

// A rebatcher puts batches together anew.
type rebatcher struct {
	allocator memory.Allocator
	yield     func(arrow.RecordBatch) bool
	parts     []arrow.RecordBatch
	rows      int64
	bytes     int64
}

// add takes a batch, which it does not keep; false if no more is wanted.
func (r *rebatcher) add(batch arrow.RecordBatch) (more bool, err error) {
	for from := int64(0); from < batch.NumRows(); {
		to := min(batch.NumRows(), from+batchRows-r.rows)
		if size := sizeOf(batch, from, to); r.bytes+size < batchBytes {
			r.bytes += size
		} else {
			for to = from; r.bytes < batchBytes; to++ {
				r.bytes += sizeOf(batch, to, to+1)
			}
		}
		r.parts = append(r.parts, batch.NewSlice(from, to))
		r.rows += to - from
		from = to
		if r.rows == batchRows || r.bytes >= batchBytes {
			if more, err := r.flush(); err != nil || !more {
				return false, err
			}
		}
	}
	return true, nil
}

// flush yields what has been added.
func (r *rebatcher) flush() (more bool, err error) {
	defer r.release()
	if len(r.parts) < 2 {
		return len(r.parts) == 0 || r.yield(r.parts[0]), nil
	}
	columns := make([]arrow.Array, r.parts[0].NumCols())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i := range columns {
		var arrays []arrow.Array
		for _, part := range r.parts {
			arrays = append(arrays, part.Column(i))
		}
		if columns[i], err = array.Concatenate(arrays, r.allocator); err != nil {
			return false, err
		}
	}
	whole := array.NewRecordBatch(r.parts[0].Schema(), columns, r.rows)
	defer whole.Release()
	return r.yield(whole), nil
}

func (r *rebatcher) release() {
	for _, part := range r.parts {
		part.Release()
	}
	r.parts, r.rows, r.bytes = r.parts[:0], 0, 0
}

// sizeOf is the number of bytes of rows' values, without nulls and offsets.
func sizeOf(batch arrow.RecordBatch, from, to int64) (bytes int64) {
	for _, column := range batch.Columns() {
		bytes += sizeOfArray(column, from, to)
	}
	return bytes
}

func sizeOfArray(a arrow.Array, from, to int64) int64 {
	if from == to {
		return 0
	}
	switch a := a.(type) {
	case array.BinaryLike:
		last := int(to) - 1
		return a.ValueOffset64(last) + int64(a.ValueLen(last)) - a.ValueOffset64(int(from))
	case array.ListLike:
		start, _ := a.ValueOffsets(int(from))
		_, end := a.ValueOffsets(int(to) - 1)
		return sizeOfArray(a.ListValues(), start, end)
	}
	if fixed, ok := a.DataType().(arrow.FixedWidthDataType); ok {
		return (to - from) * int64(fixed.BitWidth()) / 8
	}
	return 0
}
