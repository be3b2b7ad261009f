package tables

import (
	"fmt"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// TestRebatch puts rows together alike however they come: 1024 of them, or as many as have 16 MiB.
func TestRebatch(t *testing.T) {
	allocator := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer allocator.AssertSize(t, 0)
	for _, c := range []struct {
		bytes, rows int
		want        string
	}{{1, 2500, "[1024 1024 452]"}, {1 << 20, 40, "[16 16 8]"}, {20 << 20, 3, "[1 1 1]"}} {
		for _, emitted := range []int{1, 7, 1024, c.rows} {
			var sizes []int64
			var ids []string
			r := rebatcher{allocator: allocator, yield: func(b arrow.RecordBatch) bool {
				sizes = append(sizes, b.NumRows())
				for i := range int(b.NumRows()) {
					ids = append(ids, b.Column(1).ValueStr(i))
				}
				return true
			}}
			all := numbered(c.rows)
			for part := range slices.Chunk(all, emitted) {
				batch := documentsOf(allocator, part, c.bytes)
				if more, err := r.add(batch); !more || err != nil {
					t.Fatal(more, err)
				}
				batch.Release()
			}
			if more, err := r.flush(); !more || err != nil {
				t.Fatal(more, err)
			}
			if fmt.Sprint(sizes) != c.want || !slices.Equal(ids, all) {
				t.Errorf("%d rows of %d bytes, emitted %d at a time, become %v, want %s", c.rows, c.bytes, emitted, sizes, c.want)
			}
		}
	}
}
