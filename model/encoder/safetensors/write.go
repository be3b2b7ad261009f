package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// An Array is a tensor to be written; Shape is that of Data, row-major.
type Array struct {
	Name  string
	Shape []int
	Data  []float32
}

// Write writes arrays as F32 in the order given. The same arguments give the same bytes.
func Write(w io.Writer, metadata map[string]string, arrays []Array) error {
	header, err := header(metadata, arrays)
	if err != nil {
		return fmt.Errorf("writing safetensors: %w", err)
	}
	if _, err := w.Write(header); err != nil {
		return fmt.Errorf("writing safetensors: %w", err)
	}
	raw := make([]byte, 4*chunk)
	for _, a := range arrays {
		for data := a.Data; len(data) > 0; {
			n := min(chunk, len(data))
			for i, x := range data[:n] {
				binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(x))
			}
			if _, err := w.Write(raw[:4*n]); err != nil {
				return fmt.Errorf("writing safetensors: %w", err)
			}
			data = data[n:]
		}
	}
	return nil
}

// header returns the length and the JSON object, padded so that the tensors begin at a multiple of 8 bytes.
func header(metadata map[string]string, arrays []Array) ([]byte, error) {
	var b bytes.Buffer
	if metadata == nil {
		metadata = map[string]string{}
	}
	text, _ := json.Marshal(metadata) // a map of strings cannot fail
	fmt.Fprintf(&b, `{"__metadata__":%s`, text)
	seen := map[string]bool{"__metadata__": true}
	var offset int64
	for _, a := range arrays {
		if seen[a.Name] {
			return nil, fmt.Errorf("two tensors are called %q", a.Name)
		}
		seen[a.Name] = true
		if product(a.Shape) != len(a.Data) {
			return nil, fmt.Errorf("tensor %q has %d elements for shape %v", a.Name, len(a.Data), a.Shape)
		}
		name, _ := json.Marshal(a.Name)
		shape, _ := json.Marshal(append([]int{}, a.Shape...)) // [] and not null for a scalar
		end := offset + 4*int64(len(a.Data))
		fmt.Fprintf(&b, `,%s:{"dtype":"F32","shape":%s,"data_offsets":[%d,%d]}`, name, shape, offset, end)
		offset = end
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len() > maxHeader {
		return nil, fmt.Errorf("the header has %d bytes, the format allows %d", b.Len(), maxHeader)
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(b.Len())), b.Bytes()...), nil
}
