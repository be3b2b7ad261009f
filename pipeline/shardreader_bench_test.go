//go:build unix

package pipeline

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"golang.org/x/sys/unix"

	"github.com/ferry-clir/ferry/pipeline/tables"
	"github.com/ferry-clir/ferry/schemas"
)

// BenchmarkShards looks at the codes of 65,536 compressed documents of 16 tokens, which the system has in memory: in shards that are
// read, and in shards that are mapped, whose residuals nobody touches.
func BenchmarkShards(b *testing.B) {
	folder, rows := b.TempDir(), compressedRows("codec")
	made := newTable("documents", schemas.Compressed(), store{allocator: memory.DefaultAllocator}, func(i int) string {
		return filepath.Join(folder, store{}.shard("", "c", i))
	})
	w := tables.Writer{Schema: made.schema, Allocator: made.store.allocator, File: made.file, Publish: made.publish}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, made.schema)
	defer builder.Release()
	var err error
	for first := 0; first < 1<<16 && err == nil; first += 1024 {
		batch := rowsFrom(builder, first, 1024, rows)
		err = w.Write(batch)
		batch.Release()
	}
	if err := w.End(err); err != nil {
		b.Fatal(err)
	}
	made.end(len(w.Shards))
	for _, way := range []struct {
		name string
		each func(func(arrow.RecordBatch)) error
	}{
		{"read", func(do func(arrow.RecordBatch)) error {
			for batch, err := range made.whole("documents").Batches(b.Context()) {
				if err != nil {
					return err
				}
				do(batch)
			}
			return nil
		}},
		{"mapped", func(do func(arrow.RecordBatch)) error {
			for _, s := range w.Shards {
				if err := eachMapped(made.file(s.Number), do); err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				documents, codes := 0, int32(0)
				err := way.each(func(batch arrow.RecordBatch) {
					documents += int(batch.NumRows())
					for _, code := range batch.Column(3).(*array.List).ListValues().(*array.Int32).Int32Values() {
						codes += code
					}
				})
				if err != nil || documents != 1<<16 || codes == 0 {
					b.Fatal(documents, err)
				}
			}
			b.ReportMetric(1e3*b.Elapsed().Seconds()/float64(b.N), "ms/collection")
		})
	}
}

// eachMapped is what reads a shard that is mapped, as it was written.
func eachMapped(path string, do func(arrow.RecordBatch)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return err
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(stat.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	defer unix.Munmap(data)
	r, err := ipc.NewMappedFileReader(data)
	if err != nil {
		return err
	}
	for i := range r.NumRecords() {
		batch, err := r.RecordBatchAt(i)
		if err != nil {
			return err
		}
		do(batch)
		batch.Release()
	}
	return nil
}
