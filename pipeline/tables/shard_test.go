package tables

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// documentsOf is a batch of documents with the given ids, whose text has so many bytes.
func documentsOf(allocator memory.Allocator, ids []string, bytes int) arrow.RecordBatch {
	b := array.NewRecordBuilder(allocator, schemas.Documents())
	defer b.Release()
	for _, id := range ids {
		for i, v := range []string{"en", id, "", strings.Repeat("a", bytes)} {
			b.Field(i).(*array.StringBuilder).Append(v)
		}
	}
	return b.NewRecordBatch()
}

func numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint("d", i)
	}
	return ids
}

// shardsOf are the ids of each shard that rows fall into, emitted so many at a time.
func shardsOf(ids []string, emitted int) (shards [][]string) {
	now, begun := Shard{}, 0
	for from := 0; from < len(ids); from += emitted {
		batch := documentsOf(memory.DefaultAllocator, ids[from:min(from+emitted, len(ids))], 1)
		for at := int64(0); at < batch.NumRows(); {
			to, ends := now.cut(batch, at)
			now.Rows += to - at
			at = to
			if ends {
				shards, begun = append(shards, ids[begun:begun+int(now.Rows)]), begun+int(now.Rows)
				now = Shard{Number: now.Number + 1}
			}
		}
		batch.Release()
	}
	return append(shards, ids[begun:])
}

// TestCut cuts the same rows alike however they come, and rows with one more somewhere alike but there.
func TestCut(t *testing.T) {
	ids := numbered(60_000)
	want := shardsOf(ids, 1024)
	if n := len(want); n < 15 || n > 40 {
		t.Errorf("%d rows fall into %d shards", len(ids), n)
	}
	for i, s := range want[:len(want)-1] {
		if most := int(shardRows(i)); len(s) > most || len(s) < most/4 {
			t.Errorf("shard %d has %d rows, %d at most", i, len(s), most)
		}
	}
	for _, emitted := range []int{3, 777, len(ids)} {
		if got := shardsOf(ids, emitted); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("emitted %d at a time, the shards are others", emitted)
		}
	}
	for _, at := range []int{0, 100, 30_000, 59_999} {
		kept := 0
		for _, s := range shardsOf(slices.Insert(slices.Clone(ids), at, "new"), 1024) {
			if slices.ContainsFunc(want, func(w []string) bool { return slices.Equal(w, s) }) {
				kept++
			}
		}
		if changed := len(want) - kept; at >= 30_000 && changed > 2 || changed > 16 {
			t.Errorf("with a row more at %d, %d of %d shards are others", at, changed, len(want))
		}
	}
}
