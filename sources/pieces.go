package sources

import "io"

// pieceBytes is the size of a piece, but for compressed ones, which are as large as they were made. A variable for the
// tests.
var pieceBytes = 256 << 10

// A piece is a stretch of a file that ends anywhere, within a line or a character. Fetch returns its bytes,
// decompressed, in buf if they fit; it may be called on any goroutine.
type piece struct {
	fetch  func(buf []byte) ([]byte, error)
	packed int64 // bytes that it takes in the file if it is compressed, else 0
}

// pieces cut a file: into byte ranges as far as that can be done, what is left as a stream.
type pieces struct {
	size   int
	ranges *ranges // nil if there are none
	stream io.Reader
	err    error // what ended the stream
}

// next prepares a piece, which may take buf; false at the end.
func (p *pieces) next(buf []byte) (piece, bool) {
	if p.ranges != nil {
		if piece, ok := p.ranges.next(int64(p.size)); ok {
			return piece, true
		}
		p.stream, p.err = p.ranges.rest()
		p.ranges = nil
		if p.err != nil {
			return piece{fetch: func([]byte) ([]byte, error) { return nil, p.err }}, true
		}
	}
	if p.err != nil {
		return piece{}, false
	}
	buf = sized(buf, p.size)
	read := 0
	for read < len(buf) && p.err == nil {
		var n int
		n, p.err = p.stream.Read(buf[read:])
		read += n
	}
	if err := p.err; err != nil && err != io.EOF {
		return piece{fetch: func([]byte) ([]byte, error) { return buf[:read], err }}, true
	}
	if read == 0 {
		return piece{}, false
	}
	return piece{fetch: func([]byte) ([]byte, error) { return buf[:read], nil }}, true
}

// sized is buf, or another one in its place, with n bytes.
func sized(buf []byte, n int) []byte {
	if cap(buf) < n {
		return make([]byte, n)
	}
	return buf[:n]
}
