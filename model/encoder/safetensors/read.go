package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ferry-clir/ferry/model/kernel"
)

// IsFloat tells whether Read can convert t to float32.
func (t Tensor) IsFloat() bool { return t.DType == "F32" || t.DType == "F16" || t.DType == "BF16" }

// littleEndian tells whether this machine keeps numbers as the format does.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// View returns t, one of f's tensors, where it lies in memory, or nil if it cannot be used there: if f was opened from
// a reader without Mapped, or t is not F32, or its place is no multiple of 4 bytes, or the machine is big-endian.
func (f *File) View(t Tensor) []float32 {
	if f.mapped == nil || !littleEndian || t.DType != "F32" || t.Begin == t.End {
		return nil
	}
	first := &f.mapped[f.start+t.Begin]
	if uintptr(unsafe.Pointer(first))%4 != 0 {
		return nil
	}
	n := t.Elements()
	return unsafe.Slice((*float32)(unsafe.Pointer(first)), n)[:n:n]
}

// chunk is how many elements are read at once: 256 KiB of float32, so that memory holds a tensor once only.
const chunk = 1 << 16

// Read reads t, one of f's tensors with IsFloat, into dst, which has t.Elements() elements, on all cores.
func (f *File) Read(t Tensor, dst []float32) error {
	if !t.IsFloat() {
		return fmt.Errorf("reading tensor %q: %s does not convert to float32", t.Name, t.DType)
	}
	if len(dst) != t.Elements() {
		return fmt.Errorf("reading tensor %q: %d elements do not fit into %d", t.Name, t.Elements(), len(dst))
	}
	workers := min(runtime.GOMAXPROCS(0), (len(dst)+chunk-1)/chunk)
	errs := make([]error, workers)
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() { errs[i] = f.read(t, dst, i*chunk, workers*chunk) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("reading tensor %q: %w", t.Name, err)
		}
	}
	return nil
}

// read reads the chunks that begin at element first and every stride elements from there.
func (f *File) read(t Tensor, dst []float32, first, stride int) error {
	width := int(widths[t.DType])
	raw := make([]byte, min(chunk, len(dst))*width)
	half := make([]uint16, min(chunk, len(dst)))
	for ; first < len(dst); first += stride {
		some := dst[first:min(first+chunk, len(dst))]
		if err := readAt(f.r, raw[:len(some)*width], f.start+t.Begin+int64(first*width)); err != nil {
			return err
		}
		convert(t.DType, some, raw, half[:len(some)])
	}
	return nil
}

func convert(dtype string, dst []float32, raw []byte, half []uint16) {
	switch dtype {
	case "F32":
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	case "BF16", "F16":
		for i := range half {
			half[i] = binary.LittleEndian.Uint16(raw[2*i:])
		}
		if dtype == "F16" {
			kernel.FromFloat16(dst, half)
		} else {
			kernel.FromBFloat16(dst, half)
		}
	}
}
