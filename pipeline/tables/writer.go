package tables

import (
	"bufio"
	"cmp"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/sinks"
)

// A Writer cuts a stream of record batches into shards and publishes each when it is full. Until a disk has kept one can take longer
// than to make it: meanwhile the next ones are written, and a disk keeps several in hardly more time than one.
type Writer struct {
	Schema    *arrow.Schema
	Allocator memory.Allocator
	File      func(number int) string
	Publish   func(Shard) // is told of each shard, in any order, by several goroutines at once
	First     int         // number of the first shard
	Single    bool        // all rows make one shard
	Always    bool        // there is a shard even if there are no rows
	Shards    []Shard     // that are full

	rows    int64           // of the shard that is being written
	part    *sinks.File     // of it
	sum     *content.Writer // of it
	buffer  *bufio.Writer
	ipc     *ipc.FileWriter
	keeping []chan error // of the last shards, while they are made durable and published
}

// mostKeeping is how many shards of a table are made durable at once.
const mostKeeping = 8

// Write adds a batch, which it does not keep.
func (w *Writer) Write(batch arrow.RecordBatch) error {
	for from := int64(0); from < batch.NumRows(); {
		to, ends := batch.NumRows(), false
		if !w.Single {
			to, ends = Shard{Number: w.number(), Rows: w.rows}.cut(batch, from)
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

func (w *Writer) append(batch arrow.RecordBatch) error {
	if err := w.begin(); err != nil {
		return err
	}
	w.rows += batch.NumRows()
	return w.ipc.Write(batch)
}

// number is that of the shard that is being written.
func (w *Writer) number() int { return w.First + len(w.Shards) }

// begin opens the file of the shard that comes next, unless it is open.
func (w *Writer) begin() error {
	if w.part != nil {
		return nil
	}
	part, err := sinks.Create(w.File(w.number()))
	if err != nil {
		return err
	}
	w.part, w.sum = part, content.NewWriter(part)
	if w.buffer == nil {
		w.buffer = bufio.NewWriterSize(w.sum, 1<<18)
	}
	w.buffer.Reset(w.sum)
	w.ipc, err = ipc.NewFileWriter(w.buffer, ipc.WithSchema(w.Schema), ipc.WithAllocator(w.Allocator))
	return err
}

// flush publishes the shard being written, if it has rows or is to be there in any case.
func (w *Writer) flush() error {
	if w.part == nil && !w.Always {
		return nil
	}
	if err := w.begin(); err != nil {
		return err
	}
	closed, flushed := w.ipc.Close(), w.buffer.Flush()
	if failed := cmp.Or(w.wait(mostKeeping-1), closed, flushed); failed != nil { // on a full disk all of them say the same
		return failed
	}
	part, full, keeping := w.part, Shard{w.number(), w.rows, w.sum.Sum()}, make(chan error, 1)
	w.rows, w.part, w.ipc, w.keeping = 0, nil, nil, append(w.keeping, keeping)
	w.Shards = append(w.Shards, full)
	go func() {
		err := part.Publish(nil)
		if err == nil {
			w.Publish(full)
		}
		keeping <- err
	}()
	return nil
}

// wait returns when no more than so many of the shards that are full are still to be published, or what went wrong with the first of
// the others.
func (w *Writer) wait(most int) (err error) {
	for ; len(w.keeping) > most; w.keeping = w.keeping[1:] {
		err = cmp.Or(err, <-w.keeping[0])
	}
	return err
}

// End publishes what is left; after err it removes it instead, and returns err.
func (w *Writer) End(err error) error {
	if err == nil {
		err = w.flush()
	}
	if kept := w.wait(0); err == nil {
		err = kept
	}
	if w.part != nil {
		w.part.Publish(errAbandoned)
		w.part = nil
	}
	return err
}

var errAbandoned = errors.New("abandoned")
