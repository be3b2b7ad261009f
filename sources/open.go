package sources

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zip"
)

// An input is a file opened for reading: decompressed, and without its byte order mark.
type input struct {
	*bufio.Reader
	path    string  // as messages name it; within an archive, archive/file
	start   int64   // bytes of the byte order mark
	ranges  *ranges // of the file, byte order mark included, if they can be read in place of the above
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
func open(r reading, name string, wanted func(string) bool) (*input, error) {
	in, err := openBytes(r, name, wanted)
	if err != nil {
		return nil, err
	}
	if err := in.skipMark(); err != nil {
		in.close()
		return nil, fmt.Errorf("opening %s: %w", name, damage(err))
	}
	return in, nil
}

// openBytes does so and leaves a byte order mark, whatever it is, where it stands.
func openBytes(r reading, name string, wanted func(string) bool) (*input, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	in := &input{path: legible(name), closers: []func() error{f.Close}}
	if err := in.decompress(r, f, wanted); err != nil {
		in.close()
		return nil, fmt.Errorf("opening %s: %w", name, damage(err))
	}
	return in, nil
}

func (in *input) decompress(r reading, f *os.File, wanted func(string) bool) error {
	buffered := bufio.NewReaderSize(f, 64<<10)
	head, err := buffered.Peek(10)
	if err != nil && err != io.EOF {
		return err
	}
	head = bytes.Clone(head) // it is looked at again where ranges end
	if packing := foreign(head); packing != "" {
		return fmt.Errorf("is packed with %s, which ferry does not read; unpack it, or pack it with gzip or zstd", packing)
	}
	var plain io.Reader
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		var packed *counter
		plain, packed, err = in.unzip(f, wanted)
		plain = r.guard(plain, packed)
	} else {
		unpack := func(packed io.Reader) (io.Reader, error) { return in.unpack(r, head, packed) }
		in.ranges = rangesOf(f, head, unpack)
		plain, err = unpack(buffered)
	}
	if err != nil {
		return err
	}
	in.Reader = bufio.NewReaderSize(plain, 64<<10)
	if wanted != nil && in.isTar() {
		in.ranges = nil
		if err := in.untar(wanted); err != nil {
			return err
		}
	}
	return nil
}

// unzip opens the wanted file of an archive. The counter returned has already counted its compressed bytes, of which
// there are not more than the archive has, whatever it says.
func (in *input) unzip(f *os.File, wanted func(string) bool) (io.Reader, *counter, error) {
	found, names, err := members(f, wanted)
	if err != nil {
		return nil, nil, err
	}
	if len(names) == 0 {
		return nil, nil, errors.New("the archive has no files")
	}
	if len(found) != 1 {
		return nil, nil, fmt.Errorf("need one file out of this archive, %d fit; it has %s", len(found), some(names))
	}
	r, err := found[0].Open()
	if err != nil {
		return nil, nil, err
	}
	in.closers = append(in.closers, r.Close)
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	in.path += "/" + legible(found[0].Name)
	return r, &counter{n: int64(min(found[0].CompressedSize64, uint64(info.Size())))}, nil
}

// some lists names, of which a hostile archive can have any number.
func some(names []string) string {
	const most = 10
	if len(names) > most {
		names = append(names[:most:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(names, ", ")
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
		if !entry.Mode().IsRegular() { // a folder, or a symbolic link, which nobody follows
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

// skipMark steps over a UTF-8 byte order mark, and refuses text that would be one line, or noise.
func (in *input) skipMark() error {
	head, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	some, _ := in.Peek(64 << 10) // an error comes again when it is read
	if bytes.Count(some, []byte{'\r'}) > 1 && !bytes.Contains(some, []byte{'\n'}) && !bytes.Contains(some, []byte{0}) {
		return errors.New("has lines that end in CR alone, as on old Macs; convert them to LF: tr '\\r' '\\n'")
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
