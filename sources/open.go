package sources

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
	"github.com/klauspost/compress/zstd"
)

// Text expands 3 to 10 times. What expands more than maxExpansion times, past its first expansionFloor bytes, is taken
// for an attack on the disk.
const (
	maxExpansion   = 200
	expansionFloor = 16 << 20
)

// An input is a file opened for reading: decompressed, and without its byte order mark.
type input struct {
	*bufio.Reader
	path    string // as messages name it; within an archive, archive/file
	start   int64  // bytes of the byte order mark
	closers []func() error
}

func (in *input) close() {
	for i := len(in.closers) - 1; i >= 0; i-- {
		in.closers[i]() //nolint:errcheck // opened for reading only
	}
}

// open opens a file that is bare, gzip, zstd or zip by its first bytes, whatever its name. Reading ends with the
// context's error once that is cancelled. In a zip archive, exactly one file must be wanted, in a tar archive, which may
// be compressed, the first is taken; both are read in place.
func open(ctx context.Context, name string, wanted func(string) bool) (*input, error) {
	in, err := openBytes(ctx, name, wanted)
	if err != nil {
		return nil, err
	}
	if err := in.skipMark(); err != nil {
		in.close()
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	return in, nil
}

// openBytes does so and leaves a byte order mark, whatever it is, where it stands.
func openBytes(ctx context.Context, name string, wanted func(string) bool) (*input, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	in := &input{path: name, closers: []func() error{f.Close}}
	if err := in.decompress(ctx, f, wanted); err != nil {
		in.close()
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	return in, nil
}

func (in *input) decompress(ctx context.Context, f *os.File, wanted func(string) bool) error {
	packed := &counter{Reader: f}
	buffered := bufio.NewReaderSize(packed, 64<<10)
	head, err := buffered.Peek(4)
	if err != nil && err != io.EOF {
		return err
	}
	var plain io.Reader
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		plain, err = gzip.NewReader(buffered)
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		var d *zstd.Decoder
		d, err = zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err == nil {
			in.closers = append(in.closers, func() error { d.Close(); return nil })
		}
		plain = d
	case bytes.Equal(head, []byte("PK\x03\x04")) || bytes.Equal(head, []byte("PK\x05\x06")):
		plain, packed, err = in.unzip(f, wanted)
	default:
		plain, packed, err = buffered, nil, nil
	}
	if err != nil {
		return err
	}
	in.Reader = bufio.NewReaderSize(&guard{ctx: ctx, plain: plain, packed: packed}, 64<<10)
	if wanted != nil && in.isTar() {
		if err := in.untar(wanted); err != nil {
			return err
		}
	}
	return nil
}

// unzip opens the wanted file of an archive. The counter returned has already counted its compressed bytes.
func (in *input) unzip(f *os.File, wanted func(string) bool) (io.Reader, *counter, error) {
	found, names, err := members(f, wanted)
	if err != nil {
		return nil, nil, err
	}
	if len(found) != 1 {
		return nil, nil, fmt.Errorf("need one file out of this archive, %d fit; it has %s", len(found), strings.Join(names, ", "))
	}
	r, err := found[0].Open()
	if err != nil {
		return nil, nil, err
	}
	in.path += "/" + found[0].Name
	in.closers = append(in.closers, r.Close)
	return r, &counter{n: int64(found[0].CompressedSize64)}, nil
}

// members lists the files of an archive that are wanted, and the names of all. Notes that publishers put beside their
// data (README, LICENSE, _about.txt) are never wanted.
func members(f *os.File, wanted func(string) bool) (found []*zip.File, names []string, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	archive, err := zip.NewReader(f, info.Size())
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range archive.File {
		base := path.Base(entry.Name)
		if !filepath.IsLocal(entry.Name) {
			return nil, nil, leadsOut(entry.Name)
		}
		if entry.FileInfo().IsDir() {
			continue
		}
		names = append(names, entry.Name)
		isNote := strings.HasPrefix(base, "README") || strings.HasPrefix(base, "LICENSE") || strings.HasPrefix(base, "_") || strings.HasPrefix(base, ".")
		if !isNote && (wanted == nil || wanted(entry.Name)) {
			found = append(found, entry)
		}
	}
	return found, names, nil
}

// memberNames lists the files of an archive but for notes; none if it cannot be read.
func memberNames(file string) []string {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	found, _, err := members(f, nil)
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range found {
		names = append(names, entry.Name)
	}
	return names
}

// skipMark steps over a UTF-8 byte order mark.
func (in *input) skipMark() error {
	head, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return errors.New("is UTF-16; convert it to UTF-8")
	}
	if bytes.Equal(head, []byte{0xef, 0xbb, 0xbf}) {
		in.start = 3
		_, err = in.Discard(3)
		return err
	}
	return nil
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
	n      int64
}

func (g *guard) Read(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, context.Cause(g.ctx)
	}
	n, err := g.plain.Read(p)
	g.n += int64(n)
	if g.packed != nil && g.n > expansionFloor && g.n > maxExpansion*g.packed.n {
		return 0, fmt.Errorf("it expands to more than %d times its size, which no text does", maxExpansion)
	}
	return n, err
}
