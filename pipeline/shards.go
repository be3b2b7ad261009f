package pipeline

import (
	"bufio"
	"cmp"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/sinks"
)

// A shardWriter cuts a stream of record batches into shards and publishes each when it is full. Until a disk has kept one
// can take as long as to make it: meanwhile the next one is written.
type shardWriter struct {
	schema  *arrow.Schema
	store   store
	file    func(number int) string
	publish func(shard)
	single  bool  // all rows make one shard
	always  bool  // there is a shard even if there are no rows
	now     shard // being written
	part    *sinks.File
	sum     *content.Writer // of it
	buffer  *bufio.Writer
	ipc     *ipc.FileWriter
	shards  []shard
	keeping chan error // of the last shard, while it is made durable and published; else nil
}

// write adds a batch, which it does not keep.
func (w *shardWriter) write(batch arrow.RecordBatch) error {
	for from := int64(0); from < batch.NumRows(); {
		to, ends := batch.NumRows(), false
		if !w.single {
			to, ends = w.now.cut(batch, from)
		}
		slice := batch.NewSlice(from, to)
		err := w.append(slice)
		slice.Release()
		if err != nil {
			return err
		}
		from = to
		if ends {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *shardWriter) append(batch arrow.RecordBatch) error {
	if err := w.begin(); err != nil {
		return err
	}
	w.now.Rows += batch.NumRows()
	return w.ipc.Write(batch)
}

// begin opens the file of the shard that comes next, unless it is open.
func (w *shardWriter) begin() error {
	if w.part != nil {
		return nil
	}
	part, err := sinks.Create(w.file(w.now.Number))
	if err != nil {
		return err
	}
	w.part, w.sum = part, content.NewWriter(part)
	if w.buffer == nil {
		w.buffer = bufio.NewWriterSize(w.sum, 1<<18)
	}
	w.buffer.Reset(w.sum)
	w.ipc, err = ipc.NewFileWriter(w.buffer, ipc.WithSchema(w.schema), ipc.WithAllocator(w.store.allocator))
	return err
}

// flush publishes the shard being written, if it has rows or is to be there in any case.
func (w *shardWriter) flush() error {
	if w.part == nil && !w.always {
		return nil
	}
	if err := w.begin(); err != nil {
		return err
	}
	closed, flushed := w.ipc.Close(), w.buffer.Flush()
	failed := cmp.Or(w.wait(), closed, flushed) // on a full disk all of them say the same
	w.now.Sum = w.sum.Sum()
	part, now, keeping := w.part, w.now, make(chan error, 1)
	w.part, w.ipc, w.keeping = nil, nil, keeping
	w.shards = append(w.shards, now)
	w.now = shard{Number: now.Number + 1}
	go func() {
		err := part.Publish(failed)
		if err == nil {
			w.publish(now)
		}
		keeping <- err
	}()
	return nil
}

// wait returns when the shards that are full have been published, or what went wrong with one of them.
func (w *shardWriter) wait() error {
	if w.keeping == nil {
		return nil
	}
	err := <-w.keeping
	w.keeping = nil
	return err
}

// end publishes what is left; after err it removes it instead, and returns err.
func (w *shardWriter) end(err error) error {
	if err == nil {
		err = w.flush()
	}
	if kept := w.wait(); err == nil {
		err = kept
	}
	if w.part != nil {
		w.part.Publish(errAbandoned)
		w.part = nil
	}
	return err
}

var errAbandoned = errors.New("abandoned")
