package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/ferry-clir/ferry/model/kernel"
)

// IsFloat tells whether Read can convert t to float32.
func (t Tensor) IsFloat() bool { return t.DType == "F32" || t.DType == "F16" || t.DType == "BF16" }

// chunk is how many elements are read at once: 256 KiB of float32, so that memory holds a tensor once only.
const chunk = 1 << 16

// Read reads t, one of f's tensors with IsFloat, into dst, which has t.Elements() elements.
func (f *File) Read(t Tensor, dst []float32) error {
	if !t.IsFloat() {
		return fmt.Errorf("reading tensor %q: %s does not convert to float32", t.Name, t.DType)
	}
	if len(dst) != t.Elements() {
		return fmt.Errorf("reading tensor %q: %d elements do not fit into %d", t.Name, t.Elements(), len(dst))
	}
	width := int(widths[t.DType])
	raw := make([]byte, min(chunk, len(dst))*width)
	half := make([]uint16, min(chunk, len(dst)))
	for offset := f.start + t.Begin; len(dst) > 0; {
		n := min(chunk, len(dst))
		if err := readAt(f.r, raw[:n*width], offset); err != nil {
			return fmt.Errorf("reading tensor %q: %w", t.Name, err)
		}
		convert(t.DType, dst[:n], raw, half[:n])
		dst = dst[n:]
		offset += int64(n * width)
	}
	return nil
}

func convert(dtype string, dst []float32, raw []byte, half []uint16) {
	switch dtype {
	case "F32":
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	case "BF16": // the upper half of a float32
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
		}
	case "F16":
		for i := range half {
			half[i] = binary.LittleEndian.Uint16(raw[2*i:])
		}
		kernel.FromFloat16(dst, half)
	}
}
