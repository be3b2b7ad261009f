package sources

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
	"github.com/klauspost/compress/zstd"
)

// Text expands 3 to 10 times. What expands more than max_expansion times, past its first expansionFloor bytes, is taken
// for an attack on the disk.
const expansionFloor = 16 << 20

// maxWindow is the memory in which a zstd stream may look back.
const maxWindow = 128 << 20

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
	skipMagic = []byte{0x2a, 0x4d, 0x18} // of zstd frames that are not data, after a first byte of 0x50 to 0x5f
)

func isZstd(head []byte) bool {
	return bytes.HasPrefix(head, zstdMagic) || len(head) >= 4 && head[0]>>4 == 5 && bytes.Equal(head[1:4], skipMagic)
}

// foreign names the packing of a file whose lines would otherwise all be bad; empty if it is none of those.
func foreign(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("BZh")) && bytes.HasSuffix(head, []byte("1AY&SY")):
		return "bzip2"
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return "xz"
	}
	return ""
}

// unpack decompresses a file, or the rest of one, that begins with head.
func (in *input) unpack(of reading, head []byte, r io.Reader) (io.Reader, error) {
	packed := &counter{Reader: r}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		z, err := gzip.NewReader(bufio.NewReaderSize(packed, 64<<10)) // it would take 4 KiB at a time
		return of.guard(z, packed), err
	case isZstd(head):
		d, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		in.closers = append(in.closers, func() error { d.Close(); return nil })
		return of.guard(d, packed), nil
	}
	return of.guard(r, nil), nil
}

// A counter counts the bytes read through it.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// A guard stops reading when the context is cancelled, or when a compressed file expands absurdly.
type guard struct {
	ctx    context.Context
	plain  io.Reader
	packed *counter // nil if the file is not compressed
	most   int      // times the packed bytes that there may be
	n      int64
}

func (r reading) guard(plain io.Reader, packed *counter) *guard {
	return &guard{ctx: r.ctx, plain: plain, packed: packed, most: r.out.MaxExpansion}
}

func (g *guard) Read(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, context.Cause(g.ctx)
	}
	n, err := g.plain.Read(p)
	g.n += int64(n)
	if g.packed != nil {
		if err := expansion(g.n, g.packed.n, g.most); err != nil {
			return 0, err
		}
	}
	return n, err
}

// damage adds what to do about it to the error of a packed file that is cut short or damaged.
func damage(err error) error {
	var corrupt flate.CorruptInputError
	known := []error{io.ErrUnexpectedEOF, zip.ErrFormat, zip.ErrChecksum, gzip.ErrHeader, gzip.ErrChecksum, zstd.ErrMagicMismatch, zstd.ErrCRCMismatch}
	if errors.As(err, &corrupt) || slices.ContainsFunc(known, func(one error) bool { return errors.Is(err, one) }) {
		return fmt.Errorf("%w: the file is cut short or damaged; get it again", err)
	}
	return err
}

// expansion returns an error if packed bytes of a file have become more than so many times as many.
func expansion(plain, packed int64, most int) error {
	if plain > expansionFloor && plain > int64(most)*packed {
		return fmt.Errorf("it expands to more than %d times its size, which no text does; if it is to be trusted, raise max_expansion", most)
	}
	return nil
}
