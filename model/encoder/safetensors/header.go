package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// maxHeader is the longest header that the format allows, in bytes.
const maxHeader = 100_000_000

// A Tensor is what the header says of one tensor.
type Tensor struct {
	Name       string
	DType      string // such as F32, F16, BF16 or I64
	Shape      []int
	Begin, End int64 // offsets of its bytes
}

// Elements is the number of elements that the shape asks for.
func (t Tensor) Elements() int { return product(t.Shape) }

// A File is an open file whose header has been read and checked.
type File struct {
	Metadata map[string]string
	Tensors  []Tensor // in the order of their bytes

	r      io.ReaderAt
	start  int64  // where the tensors' bytes begin
	mapped []byte // the whole file, or nil
}

// Open reads and checks the header of a file of size bytes. What Open accepts has tensors with different names that
// cover the rest of the file exactly, each as long as its shape asks for. If r has a method Mapped() []byte that returns
// the whole file, View makes use of it.
func Open(r io.ReaderAt, size int64) (*File, error) {
	var prefix [8]byte
	if err := readAt(r, prefix[:], 0); err != nil {
		return nil, fmt.Errorf("reading safetensors header: %w", err)
	}
	if string(prefix[:]) == "version " { // of what stands in its place: no header is of that length
		return nil, errors.New("reading safetensors header: it is a pointer of Git LFS and not the file; fetch that with `git lfs pull`")
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > maxHeader {
		return nil, fmt.Errorf("reading safetensors header: it claims %d bytes, the format allows %d", length, maxHeader)
	}
	if int64(length) > size-8 {
		return nil, fmt.Errorf("reading safetensors header: it claims %d bytes, the file has %d", length, size)
	}
	header := make([]byte, length)
	if err := readAt(r, header, 8); err != nil {
		return nil, fmt.Errorf("reading safetensors header: %w", err)
	}
	f := &File{r: r, start: 8 + int64(length)}
	if err := f.parse(header); err != nil {
		return nil, fmt.Errorf("reading safetensors header: %w", err)
	}
	if err := f.check(size - f.start); err != nil {
		return nil, fmt.Errorf("reading safetensors header: %w", err)
	}
	if m, ok := r.(interface{ Mapped() []byte }); ok && int64(len(m.Mapped())) == size {
		f.mapped = m.Mapped()
	}
	return f, nil
}

// readAt fills p. An io.ReaderAt may return io.EOF with a full read, too.
func readAt(r io.ReaderAt, p []byte, offset int64) error {
	n, err := r.ReadAt(p, offset)
	switch {
	case n == len(p):
		return nil
	case errors.Is(err, io.EOF):
		return errors.New("the file is cut off")
	}
	return err
}

// parse reads the header by its tokens, because a map would hide a name that occurs twice.
func (f *File) parse(header []byte) error {
	d := json.NewDecoder(bytes.NewReader(header))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return errors.New("it is not a JSON object")
	}
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string) // keys of an object are strings
		if seen[name] {
			return fmt.Errorf("tensor %q occurs twice", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			err = d.Decode(&f.Metadata)
		} else {
			err = f.parseTensor(d, name)
		}
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("it goes on behind its JSON object")
	}
	return nil
}

func (f *File) parseTensor(d *json.Decoder, name string) error {
	var entry struct {
		DType   string  `json:"dtype"`
		Shape   []int   `json:"shape"`
		Offsets []int64 `json:"data_offsets"`
	}
	if err := d.Decode(&entry); err != nil {
		return err
	}
	if entry.DType == "" || entry.Shape == nil || len(entry.Offsets) != 2 {
		return errors.New("dtype, shape or data_offsets missing")
	}
	t := Tensor{name, entry.DType, entry.Shape, entry.Offsets[0], entry.Offsets[1]}
	if err := t.check(); err != nil {
		return err
	}
	f.Tensors = append(f.Tensors, t)
	return nil
}

// widths are the bytes of one element. Types that are not here are tolerated, but their length cannot be checked.
var widths = map[string]int64{"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1,
	"U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1}

func (t Tensor) check() error {
	if t.Begin < 0 || t.End < t.Begin {
		return fmt.Errorf("bytes %d to %d make no range", t.Begin, t.End)
	}
	n := t.Elements()
	if n < 0 {
		return fmt.Errorf("shape %v is impossible", t.Shape)
	}
	// Dividing, as the product may not fit.
	if width, known := widths[t.DType]; known && ((t.End-t.Begin)%width != 0 || (t.End-t.Begin)/width != int64(n)) {
		return fmt.Errorf("%d bytes do not make shape %v of %s", t.End-t.Begin, t.Shape, t.DType)
	}
	return nil
}

// product multiplies the dimensions. It is -1 if one is negative or their product is no int.
func product(shape []int) int {
	n := 1
	for _, d := range shape {
		if d < 0 || d > 0 && n > math.MaxInt/d {
			return -1
		}
		n *= d
	}
	return n
}

// check sorts the tensors by their bytes, which must cover the data part of size bytes without gap or overlap.
func (f *File) check(size int64) error {
	slices.SortStableFunc(f.Tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(a.Begin, b.Begin), cmp.Compare(a.End, b.End))
	})
	var end int64
	for _, t := range f.Tensors {
		switch {
		case t.Begin < end:
			return fmt.Errorf("tensor %q begins at byte %d, within the one before it, which ends at %d", t.Name, t.Begin, end)
		case t.Begin > end:
			return fmt.Errorf("bytes %d to %d before tensor %q belong to no tensor", end, t.Begin, t.Name)
		case t.End > size:
			return fmt.Errorf("tensor %q ends at byte %d of %d; the file is cut off", t.Name, t.End, size)
		}
		end = t.End
	}
	if end != size {
		return fmt.Errorf("bytes %d to %d belong to no tensor", end, size)
	}
	return nil
}
