package sources

import (
	"bytes"
	"io"
	"slices"
)

// A window is the part of a file that is in memory: what has been read and is not used up. It slides over the file, and
// grows only where one piece that is wanted whole does not fit.
type window struct {
	in    io.Reader
	bytes []byte // those before at are used up
	at    int
	err   error // that ended reading: io.EOF at the end of the file

	before  int64 // bytes that have left the window
	lines   int64 // line ends in them and in bytes[:counted]
	counted int

	kept []byte // what has left the window since mark, at most maxRaw bytes
	from int    // of the mark, in bytes
}

func newWindow(in io.Reader) window { return window{in: in, bytes: make([]byte, 0, 256<<10)} }

// rest are the bytes that are not used up, as far as they have been read. They are valid until more is called.
func (w *window) rest() []byte { return w.bytes[w.at:] }

// more reads on; false at the end of the file or after an error.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	w.kept = w.raw()
	w.line()
	w.bytes = w.bytes[:copy(w.bytes, w.bytes[w.at:])]
	w.before += int64(w.at)
	w.at, w.counted, w.from = 0, 0, 0
	if len(w.bytes) == cap(w.bytes) {
		w.bytes = slices.Grow(w.bytes, len(w.bytes))
	}
	for range 100 {
		n, err := w.in.Read(w.bytes[len(w.bytes):cap(w.bytes)])
		w.bytes, w.err = w.bytes[:len(w.bytes)+n], err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	w.err = io.ErrNoProgress
	return false
}

// mark begins anew to keep what is used up.
func (w *window) mark() { w.kept, w.from = w.kept[:0], w.at }

// raw is what has been used up since mark, at most maxRaw bytes. It is valid until more or mark is called.
func (w *window) raw() []byte {
	fits := min(w.at-w.from, maxRaw-len(w.kept))
	return append(w.kept, w.bytes[w.from:w.from+fits]...)
}

// offset is that of the next byte, from 0.
func (w *window) offset() int64 { return w.before + int64(w.at) }

// line is the number of the line on which the next byte stands, from 1.
func (w *window) line() int64 {
	w.lines += int64(bytes.Count(w.bytes[w.counted:w.at], []byte("\n")))
	w.counted = w.at
	return w.lines + 1
}

// begins tells whether the next bytes are those of text.
func (w *window) begins(text string) bool {
	for len(w.rest()) < len(text) {
		if !bytes.HasPrefix([]byte(text), w.rest()) || !w.more() {
			return false
		}
	}
	return string(w.rest()[:len(text)]) == text
}

// find returns how many bytes stand before mark. It reads on for that until there are more than limit: -1 if mark has
// not come by then, or at the end of the file.
func (w *window) find(mark string, limit int) int {
	for from := 0; ; {
		b := w.rest()
		if i := indexOf(b[from:], mark); i >= 0 && from+i <= limit {
			return from + i
		}
		from = max(0, len(b)-len(mark)+1)
		if len(b) > limit || !w.more() {
			return -1
		}
	}
}

// skip moves to the next mark, however far it is; false if there is none.
func (w *window) skip(mark string) bool {
	if b := w.rest(); len(b) > 0 && len(mark) == 1 && b[0] == mark[0] { // as where one tag follows another
		return true
	}
	for {
		if i := indexOf(w.rest(), mark); i >= 0 {
			w.at += i
			return true
		}
		w.at += max(0, len(w.rest())-len(mark)+1)
		if !w.more() {
			return false
		}
	}
}

func indexOf(b []byte, mark string) int {
	if len(mark) == 1 {
		return bytes.IndexByte(b, mark[0])
	}
	return bytes.Index(b, []byte(mark))
}
