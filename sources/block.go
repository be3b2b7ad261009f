package sources

import (
	"bytes"
)

// A block is a stretch of whole lines of a file, cut and parsed by a goroutine of its own. Its buffers are used again.
type block[T any] struct {
	ready  chan struct{} // closed when all below is there
	data   []byte        // a piece of the file, decompressed
	fields splitter
	lines  []entry[T]
	size   int64 // in bytes, decompressed
	packed int64 // bytes that the piece takes in the file, 0 if that does not matter
	err    error // what ended reading after these lines
}

// An entry is one line of a block.
type entry[T any] struct {
	text   []byte // without its end; the beginning of a line that is too long
	offset int64  // of its first byte in the block
	value  T
	bad    *bad // why it cannot be used, or nil
}

// A tail is a line whose end is in a later piece.
type tail struct {
	text []byte // the beginning, long enough to tell that it is too long
	size int64  // in bytes
	mark int    // bytes of the byte order mark that it begins with
}

// A cutter cuts pieces into lines and parses them.
type cutter[T any] struct {
	max   int // longest line in bytes
	parse parser[T]
	slots chan struct{} // taken by whoever computes
}

// with is the tail with more of its line.
func (c *cutter[T]) with(t tail, more []byte) tail {
	t.text = append(t.text, more[:max(0, min(len(more), t.mark+c.max+len("\r\n")-len(t.text)))]...)
	t.size += int64(len(more))
	return t
}

// fill fetches a piece and makes lines of it. A line across pieces belongs to the one that has its end: its beginning
// comes from before, the tail of this piece goes to after. The piece after the last one is nil.
func (c *cutter[T]) fill(b *block[T], fetch func([]byte) ([]byte, error), before <-chan tail, after chan<- tail) {
	defer close(b.ready)
	defer close(after)
	var data []byte
	if fetch != nil {
		c.compute(func() { b.data, b.err = fetch(b.data) })
		data = b.data
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	if whole > 0 {
		after <- c.with(tail{}, data[whole:])
	}
	first := bytes.IndexByte(data, '\n') + 1
	begun := <-before
	switch {
	case whole > 0:
		begun = c.with(begun, data[:first])
	case fetch != nil:
		after <- c.with(begun, data)
		return
	}
	c.compute(func() { c.cut(b, begun, data[first:whole]) })
}

// reset makes a block ready to be filled again.
func (b *block[T]) reset() {
	b.fields.fields, b.lines = b.fields.fields[:0], b.lines[:0]
	b.size, b.packed, b.err = 0, 0, nil
}

func (c *cutter[T]) compute(work func()) {
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	work()
}

// cut makes entries of the line that began earlier and of those of data.
func (c *cutter[T]) cut(b *block[T], begun tail, data []byte) {
	b.size = begun.size + int64(len(data))
	if begun.size > int64(begun.mark) {
		line := begun.text[begun.mark:]
		b.lines = append(b.lines, c.take(b, line, int64(begun.mark), problemOf(line)))
	}
	problem := problemOf(data)
	for at := 0; at < len(data); {
		line := data[at : at+bytes.IndexByte(data[at:], '\n')+1]
		of := problem
		if of != "" { // of this line, or of another one
			of = problemOf(line)
		}
		b.lines = append(b.lines, c.take(b, line, begun.size+int64(at), of))
		at += len(line)
	}
}

func (c *cutter[T]) take(b *block[T], line []byte, offset int64, problem string) (e entry[T]) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	e.text, e.offset = bytes.TrimSuffix(line, []byte("\r")), offset
	switch {
	case len(e.text) > c.max:
		e.text, e.bad = e.text[:min(c.max, maxRaw)], badly(lineTooLong, "")
	case problem != "":
		e.bad = badly(problem, "")
	case blank(e.text):
		e.bad = emptyRow
	case c.parse != nil:
		e.value, e.bad = c.parse(e.text, &b.fields)
	}
	return e
}
