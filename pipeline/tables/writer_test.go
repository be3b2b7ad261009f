package tables

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// TestShardNotKept has a folder stand where one of many shards is to be: that is the error, whatever becomes of those that are made
// durable beside it, and no more than those are written.
func TestShardNotKept(t *testing.T) {
	const broken = 20
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, fmt.Sprint(broken), "full"), 0o777); err != nil {
		t.Fatal(err)
	}
	var mutex sync.Mutex
	var published []int
	w := Writer{Schema: schemas.Documents(), Allocator: memory.DefaultAllocator, File: func(i int) string { return filepath.Join(folder, fmt.Sprint(i)) },
		Publish: func(s Shard) {
			mutex.Lock()
			defer mutex.Unlock()
			published = append(published, s.Number)
		}}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, w.Schema)
	defer builder.Release()
	var err error
	for first := 0; err == nil && first < 1<<20; first += batchRows {
		for row := first; row < first+batchRows; row++ {
			for i, value := range []string{"en", fmt.Sprint("d", row), "", "text"} {
				builder.Field(i).(*array.StringBuilder).Append(value)
			}
		}
		batch := builder.NewRecordBatch()
		err = w.Write(batch)
		batch.Release()
	}
	if ended := w.End(err); ended != err || err == nil || !strings.Contains(err.Error(), filepath.Join(folder, fmt.Sprint(broken))) {
		t.Fatalf("it ends with %v after %v", ended, err)
	}
	slices.Sort(published)
	for i, number := range published {
		if last := broken + mostKeeping; number < broken && number != i || number == broken || number > last {
			t.Errorf("shard %d is published", number)
		}
	}
	if files, err := os.ReadDir(folder); err != nil || len(published) < broken || len(files) != len(published)+1 {
		t.Errorf("%d shards are published of %d files; %v", len(published), len(files)-1, err)
	}
}
