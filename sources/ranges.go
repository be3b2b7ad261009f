package sources

import (
	"bytes"
	"io"
	"os"
)

// ranges are the byte ranges of a file that can be read each by itself: any of a bare file, the members of a bgzip file
// (the BGZF of SAM's specification, at most 64 KiB each), the frames of a zstd file of several. The first that is too
// large, or none, is where they end; the rest is a stream.
type ranges struct {
	file     io.ReaderAt
	at, size int64
	cut      func(file io.ReaderAt, at int64) int64   // size of the range that begins there, 0 if it is none; nil for any
	unpack   func(packed, buf []byte) ([]byte, error) // nil for what is not compressed
	open     func(io.Reader) (io.Reader, error)       // decompresses a stream
}

// rangesOf tells how a file with such first bytes is cut; nil if it is not.
func rangesOf(f *os.File, head []byte, open func(io.Reader) (io.Reader, error)) *ranges {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	r := &ranges{file: f, size: info.Size(), open: open}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		r.cut, r.unpack = memberSize, inflate
	case isZstd(head):
		r.cut, r.unpack = frameSize, unpackFrame
	default:
		return r
	}
	if r.cut(f, 0) == 0 {
		return nil
	}
	return r
}

// next prepares the next range; false if there is none.
func (r *ranges) next(size int64) (piece, bool) {
	left := r.size - r.at
	if r.cut != nil {
		size = r.cut(r.file, r.at)
	} else {
		size = min(size, left)
	}
	if size == 0 || size > left {
		return piece{}, false
	}
	at := r.at
	r.at += size
	if r.unpack == nil {
		return piece{fetch: func(buf []byte) ([]byte, error) { return r.read(at, size, buf) }}, true
	}
	return piece{packed: size, fetch: func(buf []byte) ([]byte, error) {
		packed, err := r.read(at, size, nil)
		if err != nil {
			return nil, err
		}
		return r.unpack(packed, buf)
	}}, true
}

func (r *ranges) read(at, size int64, buf []byte) ([]byte, error) {
	buf = sized(buf, int(size))
	n, err := r.file.ReadAt(buf, at)
	if err == io.EOF { // at the very end, or the file has become shorter
		err = nil
		if n < len(buf) {
			err = io.ErrUnexpectedEOF
		}
	}
	return buf[:n], err
}

// rest is what comes after the ranges.
func (r *ranges) rest() (io.Reader, error) {
	if r.at == r.size {
		return bytes.NewReader(nil), nil
	}
	return r.open(io.NewSectionReader(r.file, r.at, r.size-r.at))
}
