package tables

import (
	"hash/crc32"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/schemas"
)

// Where a table is cut into shards depends on its rows alone, never on the machine, and on those near by: a shard ends after
// a row whose hash says so. A row more then changes the shard that it falls in, and leaves those after it as they are, so that
// what was computed of them can be used again. The first shards are small, so that a small table keeps several workers busy and
// the next step can begin soon; then they double, so that a large one has few files.
const (
	smallestShard int64 = 512
	largestShard  int64 = 8192
)

// shardRows are the most rows of a shard. It has half of them on average, and a quarter at least.
func shardRows(number int) int64 {
	return min(smallestShard<<min(number/2, 20), largestShard)
}

// A Shard is a part of a table.
type Shard struct {
	Number int   `json:"number"`
	Rows   int64 `json:"rows"`
	content.Sum
}

// cut returns before which row of a batch, of which those from a row on are to be written, the shard ends, and whether it does.
func (s Shard) cut(batch arrow.RecordBatch, from int64) (to int64, ends bool) {
	most := shardRows(s.Number)
	least := most / 4
	names := naming(batch)
	for row := max(from, from+least-s.Rows-1); row < batch.NumRows(); row++ {
		if s.Rows+row-from+1 == most || hashRow(names, int(row))&uint32(least-1) == 0 {
			return row + 1, true
		}
	}
	return batch.NumRows(), false
}

// naming are the columns that tell rows apart: the ids, or all text.
func naming(batch arrow.RecordBatch) []*array.String {
	var columns []*array.String
	for i, column := range batch.Columns() {
		if text, ok := column.(*array.String); ok {
			if batch.ColumnName(i) == schemas.ID {
				return []*array.String{text}
			}
			columns = append(columns, text)
		}
	}
	return columns
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// hashRow is never 0 modulo a power of two without columns.
func hashRow(columns []*array.String, row int) uint32 {
	sum := uint32(1)
	for _, column := range columns {
		if value := column.Value(row); value != "" {
			sum = crc32.Update(sum, castagnoli, []byte(value))
		}
	}
	if len(columns) == 0 {
		return sum
	}
	return sum * 0x9E3779B1 >> 16 // the lower bits of a sum of ids that count up do so too
}
