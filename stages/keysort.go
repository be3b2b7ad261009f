package stages

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"os"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// A keySort sorts rows by their keys, the uint64 that each has in its last column, and emits them without. Rows that are
// more than memory are scattered over buckets on disk, by a few bits of the key, and each bucket is sorted on its own.
type keySort struct {
	out    schemas.Output
	schema *arrow.Schema // without the key
	memory int64         // bytes
	folder string        // for the files
}

const (
	bucketBits = 6 // of the key that decide at one level into which bucket a row goes
	buckets    = 1 << bucketBits
	deepest    = 64/bucketBits - 1 // level at which hardly a bit is left
)

// withKey is a schema with a key after its other columns.
func withKey(schema *arrow.Schema) *arrow.Schema {
	metadata := schema.Metadata()
	return arrow.NewSchema(append(schema.Fields(), arrow.Field{Name: "key", Type: arrow.PrimitiveTypes.Uint64}), &metadata)
}

// keyed yields a table's batches with keys, which are different for all rows and as if drawn by chance.
func keyed(ctx context.Context, job Job, from schemas.Table) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		schema, row := withKey(from.Schema), uint64(0)
		for batch, err := range from.Batches(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			b := array.NewUint64Builder(job.Outputs["shuffled"].Allocator)
			for range batch.NumRows() {
				b.Append(scramble(scramble(job.Seed) + row*0x9e3779b97f4a7c15))
				row++
			}
			keys := b.NewArray()
			b.Release()
			with := array.NewRecordBatch(schema, append(slices.Clone(batch.Columns()), keys), batch.NumRows())
			keys.Release()
			more := yield(with, nil)
			with.Release()
			if !more {
				return
			}
			job.Progress(int64(row), from.Rows, "rows")
		}
	}
}

// scramble is the output function of splitmix64 (Steele, Lea and Flood, OOPSLA 2014), which maps no two numbers to one.
func scramble(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// order sorts and emits rows that have the same bits of the key above level.
func (k *keySort) order(ctx context.Context, rows iter.Seq2[arrow.RecordBatch, error], level int) error {
	held := &heldRows{}
	defer held.release()
	var files []*bucket
	defer func() {
		for _, f := range files {
			f.remove()
		}
	}()
	for batch, err := range rows {
		if err != nil {
			return err
		}
		held.add(batch)
		if held.size < k.memory || held.rows == 1 || level == deepest {
			continue
		}
		if files == nil {
			if files, err = k.begin(level); err != nil {
				return err
			}
		}
		if err := k.scatter(held, files, level); err != nil {
			return err
		}
	}
	if files == nil {
		return k.emit(held)
	}
	if err := k.scatter(held, files, level); err != nil {
		return err
	}
	for _, f := range files {
		if err := f.close(); err != nil {
			return err
		}
	}
	for _, f := range files {
		if ctx.Err() != nil {
			break
		}
		if err := k.order(ctx, f.rows(k.out.Allocator), level+1); err != nil {
			return err
		}
		f.remove()
	}
	return context.Cause(ctx)
}

// begin opens the buckets of a level.
func (k *keySort) begin(level int) ([]*bucket, error) {
	if err := os.MkdirAll(k.folder, 0o777); err != nil {
		return nil, fmt.Errorf("creating folder: %w", err)
	}
	var files []*bucket
	for i := range buckets {
		f, err := newBucket(k.folder, fmt.Sprintf("%d-%02d.arrow", level, i), withKey(k.schema))
		if err != nil {
			return files, err
		}
		files = append(files, f)
	}
	return files, nil
}

// scatter writes what is held into the buckets, in the order in which it came.
func (k *keySort) scatter(held *heldRows, files []*bucket, level int) error {
	parts := make([][]place, buckets)
	for _, p := range held.places() {
		i := p.key << (bucketBits * level) >> (64 - bucketBits)
		parts[i] = append(parts[i], p)
	}
	for i, part := range parts {
		if len(part) == 0 {
			continue
		}
		batch, err := held.take(k.out.Allocator, withKey(k.schema), part)
		if err != nil {
			return err
		}
		err = files[i].write(batch)
		batch.Release()
		if err != nil {
			return err
		}
	}
	held.release()
	return nil
}

// emit sorts what is held and emits it.
func (k *keySort) emit(held *heldRows) error {
	places := held.places()
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.key, b.key) })
	for part := range slices.Chunk(places, held.rowsOf(16<<20)) {
		batch, err := held.take(k.out.Allocator, k.schema, part)
		if err != nil {
			return err
		}
		err = k.out.Emit(batch)
		batch.Release()
		if err != nil {
			return err
		}
	}
	return nil
}
