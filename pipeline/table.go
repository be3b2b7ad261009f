package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/pipeline/tables"
	"github.com/ferry-clir/ferry/schemas"
)

// A table is a list of shards that may still be growing: whoever makes it publishes shards, in any order, and whoever
// reads it waits for the next.
type table struct {
	name   string // as messages call it
	schema *arrow.Schema
	store  store
	file   func(number int) string

	mutex   sync.Mutex
	shards  map[int]tables.Shard
	total   int           // number of shards, -1 while unknown
	failed  bool          // there will be no more
	changed chan struct{} // closed when something above changes
}

func newTable(name string, schema *arrow.Schema, s store, file func(int) string) *table {
	return &table{name: name, schema: schema, store: s, file: file, shards: map[int]tables.Shard{}, total: -1, changed: make(chan struct{})}
}

func (t *table) change(with func()) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	with()
	close(t.changed)
	t.changed = make(chan struct{})
}

// publish adds a shard whose file is complete.
func (t *table) publish(s tables.Shard) { t.change(func() { t.shards[s.Number] = s }) }

// end says that there are total shards.
func (t *table) end(total int) { t.change(func() { t.total = total }) }

// fail says that the rest of the table could not be made.
func (t *table) fail() { t.change(func() { t.failed = true }) }

// shard waits for the shard of that number; false if there are not so many.
func (t *table) shard(ctx context.Context, number int) (tables.Shard, bool, error) {
	for {
		t.mutex.Lock()
		s, ok := t.shards[number]
		total, failed, changed := t.total, t.failed, t.changed
		t.mutex.Unlock()
		if ok {
			return s, true, nil
		}
		if total >= 0 && number >= total {
			return tables.Shard{}, false, nil
		}
		if failed {
			return tables.Shard{}, false, fmt.Errorf("%s %w", t.name, errNotMade)
		}
		if err := until(ctx, changed); err != nil {
			return tables.Shard{}, false, err
		}
	}
}

// published are the shards that are there, in order, and total is how many there will be, -1 while unknown.
func (t *table) published() (shards []tables.Shard, total int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	shards = slices.SortedFunc(maps.Values(t.shards), func(a, b tables.Shard) int { return a.Number - b.Number })
	return shards, t.total
}

// rows is the number of rows, or -1 while the table is still being made.
func (t *table) rows() int64 {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.total < 0 || len(t.shards) < t.total {
		return -1
	}
	return rowsOf(slices.Collect(maps.Values(t.shards)))
}

// bytes are those of the shards that are there.
func (t *table) bytes() (sum int64) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, s := range t.shards {
		sum += s.Bytes
	}
	return sum
}

// whole is the table as a component sees it that refers to it by name.
func (t *table) whole(name string) schemas.Table {
	return schemas.Table{Name: name, Schema: t.schema, Rows: t.rows(), Batches: func(ctx context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for i := 0; ; i++ {
				s, ok, err := t.shard(ctx, i)
				if err != nil {
					yield(nil, err)
				}
				if err != nil || !ok || !t.read(ctx, s, yield) {
					return
				}
			}
		}
	}}
}

// part is some shards of the table as a component sees them.
func (t *table) part(name string, shards ...tables.Shard) schemas.Table {
	return schemas.Table{Name: name, Schema: t.schema, Rows: rowsOf(shards), Batches: func(ctx context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for _, s := range shards {
				if !t.read(ctx, s, yield) {
					return
				}
			}
		}
	}}
}

// read yields the record batches of one shard; false if the consumer wants no more, or after an error.
func (t *table) read(ctx context.Context, s tables.Shard, yield func(arrow.RecordBatch, error) bool) bool {
	path, more := t.file(s.Number), false
	err := t.store.fetch(ctx, path, s.Sum)
	if err == nil {
		more, err = tables.Read(ctx, path, s, t.schema, t.store.allocator, func(b arrow.RecordBatch) bool { return yield(b, nil) })
	}
	var damaged *tables.Damaged
	if errors.As(err, &damaged) {
		err = fmt.Errorf("%w; `ferry verify --remove %s` removes it, and the run that needs it next makes it again", err, filepath.Dir(t.store.root))
	}
	if err != nil {
		yield(nil, fmt.Errorf("reading %s: %w", t.name, err))
	}
	return err == nil && more
}

func rowsOf(shards []tables.Shard) (rows int64) {
	for _, s := range shards {
		rows += s.Rows
	}
	return rows
}
