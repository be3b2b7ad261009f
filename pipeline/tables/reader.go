package tables

import (
	"context"
	"errors"
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	fast "github.com/segmentio/asm/utf8"
)

// Damaged is the error of a file that cannot be what was written.
type Damaged struct {
	Path string
	Err  error
}

func (d *Damaged) Error() string { return fmt.Sprintf("%s is damaged: %v", d.Path, d.Err) }

func (d *Damaged) Unwrap() error { return d.Err }

var errEnough = errors.New("no more is wanted")

// Read yields the record batches of a shard, whose rows were put together anew; false if the consumer wants no more. A file that
// cannot be what was written is Damaged, and never a panic of whoever looks at its values; that those are the same is for whoever
// hashes it to find out.
func Read(ctx context.Context, path string, s Shard, schema *arrow.Schema, allocator memory.Allocator, yield func(arrow.RecordBatch) bool) (more bool, err error) {
	again := rebatcher{allocator: allocator, yield: yield}
	defer again.release()
	err = eachWritten(ctx, path, s, schema, allocator, func(batch arrow.RecordBatch) error {
		more, err := again.add(batch)
		if err == nil && !more {
			return errEnough
		}
		return err
	})
	switch {
	case err == errEnough:
		return false, nil
	case err != nil:
		return false, err
	}
	return again.flush()
}

// eachWritten reads the record batches of a shard one by one, as they were written.
func eachWritten(ctx context.Context, path string, s Shard, schema *arrow.Schema, allocator memory.Allocator, each func(arrow.RecordBatch) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	damaged := func(err error) error { return &Damaged{path, err} }
	var r *ipc.FileReader
	var batches int
	err = noPanic(func() error {
		if r, err = open(f, allocator, ipc.WithSchema(schema)); err == nil {
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
		if texts, ok := a.(*array.String); ok && soundTexts(texts) {
			continue
		}
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

// soundTexts tells whether texts are what ValidateFull asks of them: they are UTF-8 all in a row, and each begins where a character does.
// To look at each by itself takes ten times as long, which was a sixth of the time of turning TSV into Parquet.
func soundTexts(texts *array.String) bool {
	if texts.Len() == 0 {
		return true
	}
	places := array.NewBinaryData(texts.Data())
	defer places.Release()
	if places.ValidateFull() != nil || !fast.Valid(texts.ValueBytes()) {
		return false
	}
	for i := range texts.Len() {
		if text := texts.Value(i); text != "" && !utf8.RuneStart(text[0]) {
			return false
		}
	}
	return true
}
