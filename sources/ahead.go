package sources

import (
	"bufio"
	"io"

	"github.com/sourcegraph/conc"
)

// aheadPieces is how many pieces of a file are in memory while it is read ahead.
const aheadPieces = 4

// An ahead reader gives what another goroutine reads, and decompresses, in the meantime. Its buffers are used again.
type ahead struct {
	tasks conc.WaitGroup
	stop  chan struct{}
	read  chan aheadPiece
	free  chan []byte
	now   aheadPiece // as far as it has not been given
	whole []byte     // the buffer that it is in
}

type aheadPiece struct {
	data []byte
	err  error
}

// isPacked tells whether reading costs more than copying.
func (in *input) isPacked() bool { return in.ranges == nil || in.ranges.cut != nil }

// readAhead lets another goroutine read what comes, until the input is closed. It ends by the time that is done.
func (in *input) readAhead() {
	a := &ahead{stop: make(chan struct{}), read: make(chan aheadPiece, aheadPieces), free: make(chan []byte, aheadPieces)}
	for range aheadPieces {
		a.free <- nil
	}
	from := &pieces{size: pieceBytes, stream: in.Reader}
	a.tasks.Go(func() { a.fetch(from) })
	in.closers = append(in.closers, func() error { close(a.stop); a.tasks.Wait(); return nil })
	in.Reader = bufio.NewReaderSize(a, 64<<10)
}

func (a *ahead) fetch(from *pieces) {
	defer close(a.read)
	for {
		var buf []byte
		select {
		case buf = <-a.free:
		case <-a.stop:
			return
		}
		piece, more := from.next(buf)
		if !more {
			return
		}
		data, err := piece.fetch(buf)
		a.read <- aheadPiece{data, err} // has room for all buffers there are
	}
}

func (a *ahead) Read(p []byte) (int, error) {
	for len(a.now.data) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.whole != nil {
			a.free <- a.whole
			a.whole = nil
		}
		piece, more := <-a.read
		if !more {
			return 0, io.EOF
		}
		a.now, a.whole = piece, piece.data
	}
	n := copy(p, a.now.data)
	a.now.data = a.now.data[n:]
	return n, nil
}
