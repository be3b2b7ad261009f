package sinks

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// A row group ends with the record batch in which it reaches so many rows or bytes: that bounds the writer's memory,
// which is a row group and a few pages.
const (
	rowGroup      = 1 << 17
	rowGroupBytes = 32 << 20
)

// ParquetCreator stands in a file's footer as the program that wrote it.
const ParquetCreator = "ferry"

// compressionLevel is zstd's fastest, which pyarrow has too: texts take a tenth more than at the level above, in half the
// time.
const compressionLevel = 1

// A parquetWriter writes record batches as a Parquet file, a row group at a time. Values that hardly repeat, such as
// vectors and texts, it lays out in pages itself, which are compressed side by side; all others go through arrow-go, which
// makes dictionaries.
type parquetWriter struct {
	out        *position
	codec      compress.Compression
	properties *parquet.WriterProperties
	metadata   *metadata.FileMetaDataBuilder
	groups     int16
	held       []arrow.RecordBatch // of the row group
	rows, size int64               // of those
}

func newParquetWriter(out io.Writer, schema *arrow.Schema, codec compress.Compression) (*parquetWriter, error) {
	w := &parquetWriter{out: &position{buffer: bufio.NewWriterSize(out, 256<<10)}, codec: codec}
	// A dictionary that outgrew its limit would be given up at some place within the column, and arrow-go lists the two
	// encodings in random order.
	w.properties = parquet.NewWriterProperties(parquet.WithCompression(codec), parquet.WithCreatedBy(ParquetCreator), parquet.WithStats(true),
		parquet.WithDictionaryPageSizeLimit(math.MaxInt32), parquet.WithAllocator(memory.DefaultAllocator))
	empty, err := pqarrow.NewFileWriter(schema, io.Discard, w.properties, pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return nil, err
	}
	if err := empty.Close(); err != nil {
		return nil, err
	}
	described, err := empty.FileMetadata()
	if err != nil {
		return nil, err
	}
	w.metadata = metadata.NewFileMetadataBuilder(described.Schema, w.properties, described.KeyValueMetadata())
	_, err = w.out.Write([]byte("PAR1"))
	return w, err
}

// write adds a batch, which it retains until its row group is written.
func (w *parquetWriter) write(batch arrow.RecordBatch) error {
	if batch.NumRows() == 0 {
		return nil
	}
	batch.Retain()
	w.held = append(w.held, batch)
	w.rows += batch.NumRows()
	for _, column := range batch.Columns() {
		w.size += int64(column.Data().SizeInBytes())
	}
	if w.rows < rowGroup && w.size < rowGroupBytes {
		return nil
	}
	return w.flush()
}

// flush writes the row group.
func (w *parquetWriter) flush() error {
	if len(w.held) == 0 {
		return nil
	}
	group := w.metadata.AppendRowGroup()
	for i, field := range w.held[0].Schema().Fields() {
		chunk := group.NextColumnChunk()
		pager, err := file.NewPageWriter(w.out, w.codec, compressionLevel, chunk, w.groups, int16(i), memory.DefaultAllocator, false, nil, nil)
		if err != nil {
			return err
		}
		arrays := make([]arrow.Array, len(w.held))
		for b, batch := range w.held {
			arrays[b] = batch.Column(i)
		}
		if plain(field, arrays) {
			err = writePages(pager, arrays)
		} else {
			err = writeColumn(file.NewColumnChunkWriter(chunk, pager, w.properties), arrays)
		}
		if err != nil {
			return err
		}
	}
	group.SetNumRows(int(w.rows))
	err := group.Finish(0, w.groups)
	w.groups++
	w.release()
	return err
}

// writeColumn writes a column through arrow-go.
func writeColumn(chunk file.ColumnChunkWriter, arrays []arrow.Array) error {
	for _, a := range arrays {
		values, definition, repetition := levels(a, chunk.Descr().MaxDefinitionLevel())
		err := pqarrow.WriteArrowToColumn(context.Background(), chunk, values, definition, repetition, a.NullN() > 0)
		values.Release()
		if err != nil {
			return err
		}
	}
	return chunk.Close()
}

// close writes the last row group and the footer.
func (w *parquetWriter) close() error {
	if err := w.flush(); err != nil {
		return err
	}
	footer, err := w.metadata.Finish()
	if err != nil {
		return err
	}
	n, err := footer.WriteTo(w.out, nil)
	if err != nil {
		return err
	}
	w.out.Write(binary.LittleEndian.AppendUint32(nil, uint32(n)))
	w.out.Write([]byte("PAR1"))
	return w.out.buffer.Flush()
}

// release lets go of the batches held.
func (w *parquetWriter) release() {
	for _, batch := range w.held {
		batch.Release()
	}
	w.held, w.rows, w.size = w.held[:0], 0, 0
}

// A position counts what is written. An error stays until the buffer is flushed.
type position struct {
	buffer  *bufio.Writer
	written int64
}

func (p *position) Write(data []byte) (int, error) {
	n, err := p.buffer.Write(data)
	p.written += int64(n)
	return n, err
}

func (p *position) Tell() int64 { return p.written }
