package pipeline

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// read yields the record batches of one shard; false if the consumer wants no more, or after an error.
func (t *table) read(ctx context.Context, s shard, yield func(arrow.RecordBatch, error) bool) bool {
	again := rebatcher{allocator: t.store.allocator, yield: func(b arrow.RecordBatch) bool { return yield(b, nil) }}
	defer again.release()
	more := true
	err := t.eachWritten(ctx, s, func(batch arrow.RecordBatch) (err error) {
		if more, err = again.add(batch); err == nil && !more {
			err = io.EOF
		}
		return err
	})
	if err == nil {
		more, err = again.flush()
	}
	if err != nil && more {
		yield(nil, fmt.Errorf("reading %s: %w", t.name, err))
	}
	return err == nil && more
}

// eachWritten reads the record batches of a shard one by one, as they were written. A file that cannot be what was written is an
// error that names it, and never a panic of whoever looks at its values; that those are the same is for Verify to find out.
func (t *table) eachWritten(ctx context.Context, s shard, each func(arrow.RecordBatch) error) error {
	path := t.file(s.Number)
	if err := t.store.fetch(ctx, path, s.Sum); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	damaged := func(err error) error {
		return fmt.Errorf("%s is damaged: %w; `ferry verify --remove %s` removes it, and the run that needs it next makes it again", path, err, filepath.Dir(t.store.root))
	}
	var r *ipc.FileReader
	var batches int
	err = noPanic(func() error {
		if r, err = openArrow(f, t.store.allocator, ipc.WithSchema(t.schema)); err == nil {
			batches = r.NumRecords()
		}
		return err
	})
	if err != nil {
		return damaged(err)
	}
	defer r.Close()
	var rows int64
	for i := range batches {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var batch arrow.RecordBatch
		err := noPanic(func() (err error) { batch, err = soundBatch(r, i); return err })
		if err != nil {
			return damaged(err)
		}
		rows += batch.NumRows()
		err = each(batch)
		batch.Release()
		if err != nil {
			return err
		}
	}
	if rows != s.Rows {
		return damaged(fmt.Errorf("it has %d rows of %d", rows, s.Rows))
	}
	return nil
}

// noPanic makes an error of the panic that the reader ends in at some damaged files.
func noPanic(read func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return read()
}

// soundBatch reads a record batch of which no offset leads out of an array.
func soundBatch(r *ipc.FileReader, i int) (arrow.RecordBatch, error) {
	batch, err := r.RecordBatchAt(i)
	if err != nil {
		return nil, err
	}
	if err := sound(batch.Columns()); err != nil {
		batch.Release()
		return nil, err
	}
	return batch, nil
}

func sound(arrays []arrow.Array) error {
	for _, a := range arrays {
		if full, ok := a.(interface{ ValidateFull() error }); ok {
			if err := full.ValidateFull(); err != nil {
				return err
			}
		}
		if list, ok := a.(array.ListLike); ok {
			if err := sound([]arrow.Array{list.ListValues()}); err != nil {
				return err
			}
		}
	}
	return nil
}
