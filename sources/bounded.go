package sources

import (
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/ferry-clir/ferry/schemas"
)

const (
	bufferFloor = 64 << 20          // bytes that a buffer may have for a file of any size
	bufferMost  = math.MaxInt32 + 1 // bytes that none has
)

// Bounded is an allocator for reading a Parquet or Arrow file of that many bytes. It panics if a buffer is to be larger than what a
// file of that size can be meant to hold: only a damaged or hostile one asks for it, and to run out of memory cannot be recovered from.
func Bounded(allocator memory.Allocator, size int64) memory.Allocator {
	return bounded{allocator, int(min(bufferFloor+schemas.MaxExpansion*min(size, bufferMost), bufferMost))}
}

type bounded struct {
	memory.Allocator
	most int
}

func (b bounded) Allocate(size int) []byte { return b.Allocator.Allocate(b.bound(size)) }

func (b bounded) Reallocate(size int, from []byte) []byte {
	return b.Allocator.Reallocate(b.bound(size), from)
}

func (b bounded) bound(size int) int {
	if size < 0 || size > b.most {
		panic(fmt.Sprintf("it asks for %d bytes at once, and no file of its size needs more than %d", size, b.most))
	}
	return size
}

// openParquet opens a file of which a page of each column, and a batch of rows, are in memory at a time. A damaged file may make
// it, and what reads from it, panic.
func openParquet(name string, allocator memory.Allocator) (*pqarrow.FileReader, error) {
	stat, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	allocator = Bounded(allocator, stat.Size())
	properties := parquet.NewReaderProperties(allocator)
	properties.BufferedStreamEnabled = true // a page in memory, not a column of a row group
	f, err := file.OpenParquetFile(name, false, file.WithReadProps(properties))
	if err != nil {
		return nil, err
	}
	kept := metadata.NewKeyValueMetadata() // nothing here needs the Arrow schema, and a damaged one asks for any memory
	for _, key := range []string{schemas.LineageKey, schemas.Prefix} {
		if value := f.MetaData().KeyValueMetadata().FindValue(key); value != nil {
			err = errors.Join(err, kept.Append(key, *value))
		}
	}
	f.MetaData().FileMetaData.KeyValueMetadata = kept
	if err != nil {
		f.Close()
		return nil, err
	}
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: rowsAtOnce(f)}, allocator)
	if err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// rowsAtOnce is how many rows make a batch: fewer where they are long, such as books.
func rowsAtOnce(f *file.Reader) int64 {
	rows := int64(batchRows)
	for i := range f.NumRowGroups() {
		if group := f.MetaData().RowGroup(i); group.NumRows() > 0 {
			rows = min(rows, max(1, batchBytes/max(1, group.TotalByteSize()/group.NumRows())))
		}
	}
	return rows
}
