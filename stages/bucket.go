package stages

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A bucket is a file of rows that do not fit in memory: written, then read once.
type bucket struct {
	file   *os.File
	buffer *bufio.Writer
	ipc    *ipc.Writer
}

func newBucket(folder, name string, schema *arrow.Schema) (*bucket, error) {
	f, err := os.Create(filepath.Join(folder, name))
	if err != nil {
		return nil, fmt.Errorf("creating file: %w", err)
	}
	b := &bucket{file: f, buffer: bufio.NewWriterSize(f, 64<<10)}
	b.ipc = ipc.NewWriter(b.buffer, ipc.WithSchema(schema))
	return b, nil
}

func (b *bucket) write(batch arrow.RecordBatch) error { return b.ipc.Write(batch) }

// close ends writing.
func (b *bucket) close() error { return cmp.Or(b.ipc.Close(), b.buffer.Flush()) }

// rows yields what was written.
func (b *bucket) rows(allocator memory.Allocator) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		if _, err := b.file.Seek(0, io.SeekStart); err != nil {
			yield(nil, err)
			return
		}
		in, err := ipc.NewReader(bufio.NewReaderSize(b.file, 256<<10), ipc.WithAllocator(allocator))
		if err != nil {
			yield(nil, err)
			return
		}
		defer in.Release()
		for in.Next() {
			if !yield(in.RecordBatch(), nil) {
				return
			}
		}
		if in.Err() != nil {
			yield(nil, in.Err())
		}
	}
}

// remove closes and removes the file; a second time it does nothing.
func (b *bucket) remove() {
	b.file.Close()
	os.Remove(b.file.Name())
}
