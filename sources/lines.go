package sources

import (
	"bytes"
	"context"
	"fmt"

	"github.com/sourcegraph/conc"

	"github.com/ferry-clir/ferry/schemas"
)

// lines reads the lines of a file: blocks of them are cut and parsed on several goroutines, and handed out in order.
// Lines end with LF or CRLF; the last one needs no end.
type lines[T any] struct {
	*input
	cutter[T]
	out      schemas.Output
	entry[T]       // the line, valid until the next one; its offset is that in the decompressed file
	number   int64 // from 1
	err      error // what ended reading, nil at the end of the file

	mended map[int64][]byte // lines to be read in place of the file's, by offset

	ctx    context.Context
	stop   context.CancelFunc
	tasks  conc.WaitGroup
	order  chan *block[T] // those that are being filled
	free   chan *block[T]
	now    *block[T]
	at     int   // next line of now
	before int64 // bytes before now, decompressed

	packed, plain int64 // bytes of what was compressed and read by ranges, and what they became
}

// readLines begins to read what has been opened.
func readLines[T any](r reading, in *input, parse parser[T]) *lines[T] {
	ahead := cap(r.slots) + 1
	l := &lines[T]{input: in, cutter: cutter[T]{r.maxLine, parse, r.slots}, out: r.out, order: make(chan *block[T], ahead), free: make(chan *block[T], ahead+2)}
	l.ctx, l.stop = context.WithCancel(r.ctx)
	l.mended = r.mended(in.path)
	from, begin := &pieces{size: r.piece, stream: in.Reader}, tail{}
	if in.ranges == nil {
		l.before = in.start
	} else {
		from, begin = &pieces{size: r.piece, ranges: in.ranges}, tail{mark: int(in.start)}
	}
	l.tasks.Go(func() { l.feed(from, begin) })
	return l
}

// feed has the pieces of the file filled into blocks.
func (l *lines[T]) feed(from *pieces, begin tail) {
	defer close(l.order)
	before := make(chan tail, 1)
	before <- begin
	for more := true; more; {
		var b *block[T]
		select {
		case b = <-l.free:
		default:
			b = &block[T]{}
		}
		var p piece
		p, more = from.next(b.data)
		b.packed, b.ready = p.packed, make(chan struct{})
		select {
		case l.order <- b:
		case <-l.ctx.Done():
			return
		}
		begun, after := before, make(chan tail, 1)
		l.tasks.Go(func() { l.fill(b, p.fetch, begun, after) })
		before = after
	}
}

// close ends reading, and waits for whoever reads.
func (l *lines[T]) close() {
	if l.input == nil {
		return
	}
	l.stop()
	l.tasks.Wait()
	l.input.close()
}

// next moves to the next line that can be used; false at the end or after an error.
func (l *lines[T]) next() bool {
	for l.scan() {
		if l.bad == nil {
			return true
		}
		l.err = l.leave(l.bad)
	}
	return false
}

// scan moves to the next line, whatever is on it.
func (l *lines[T]) scan() bool {
	for l.err == nil {
		if l.now != nil && l.at < len(l.now.lines) {
			l.entry = l.now.lines[l.at]
			l.offset += l.before
			l.number++
			l.at++
			if mended, ok := l.mended[l.offset]; ok {
				l.entry = l.take(l.now, mended, l.offset, problemOf(mended))
			}
			return true
		}
		if !l.turn() {
			return false
		}
	}
	return false
}

// turn moves to the next block.
func (l *lines[T]) turn() bool {
	if b := l.now; b != nil {
		l.before += b.size
		err := b.err
		if err == nil && b.packed > 0 {
			l.packed, l.plain = l.packed+b.packed, l.plain+b.size
			err = expansion(l.plain, l.packed, l.out.MaxExpansion)
		}
		if err != nil {
			l.err = fmt.Errorf("reading %s: line %d: %w", l.path, l.number+1, damage(err))
			return false
		}
		b.reset()
		l.free <- b
	}
	l.now, l.at = <-l.order, 0
	if l.now != nil {
		<-l.now.ready
	}
	if err := context.Cause(l.ctx); err != nil {
		l.err = fmt.Errorf("reading %s: line %d: %w", l.path, l.number+1, err)
		return false
	}
	return l.now != nil
}

// leave drops the line or puts it into quarantine.
func (l *lines[T]) leave(b *bad) error {
	if b.dropped {
		l.out.Drop(b.reason, 1)
		return nil
	}
	return l.out.Reject(schemas.Rejected{Path: l.path, Line: l.number, Offset: l.offset, Reason: b.reason,
		Detail: b.detail, Raw: bytes.Clone(l.text[:min(len(l.text), maxRaw)])})
}

// each calls row for every line that can be used. Row may say that the line is of no use after all.
func (l *lines[T]) each(row func() (*bad, error)) error {
	for l.next() {
		b, err := row()
		if b != nil && err == nil {
			err = l.leave(b)
		}
		if err != nil {
			return err
		}
	}
	return l.err
}
