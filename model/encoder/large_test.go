package encoder

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// emptyFile is a safetensors file for a configuration whose weights are 0. As long as nobody touches them, they are no
// memory either.
func emptyFile(c Config) inMemory {
	tensors, size := map[string]any{}, 0
	for _, s := range (&weights{layers: make([]layer, c.Layers)}).slots(c) {
		begin := size
		size += 4 * s.elements()
		tensors[s.name] = map[string]any{"dtype": "F32", "shape": s.shape, "data_offsets": []int{begin, size}}
	}
	header, _ := json.Marshal(tensors)
	header = append(header, bytes.Repeat([]byte{' '}, -len(header)&7)...)
	data := make([]byte, 8+len(header)+size)
	binary.LittleEndian.PutUint64(data, uint64(len(header)))
	copy(data[8:], header)
	return inMemory{bytes.NewReader(data), data}
}

// TestLarge loads and runs models of the sizes of XLM-R base and large, a thousandth of whose weights is not 0. Large
// takes 1.6 GB, most of it for packed weights.
func TestLarge(t *testing.T) {
	if testing.Short() || raced {
		t.Skip("this is to be short")
	}
	for _, c := range []Config{NewConfig(XLMRoBERTa, 768, 12, 12, 3072, 250002, 512), NewConfig(XLMRoBERTa, 1024, 24, 16, 4096, 250002, 512)} {
		if free := freeMemory(); free < 4<<30 {
			t.Skipf("only %d MB of memory are free", free>>20)
		}
		file := emptyFile(c)
		e, err := Load(c, file, int64(len(file.data)))
		if err != nil {
			t.Fatal(err)
		}
		b := Batch{[]int32{250001, 7, 100000, 9, 2, 131071, 5}, []int32{0, 4, 7}}
		for _, p := range e.Parameters() {
			if len(p.Shape) == 1 {
				for i := range p.Data {
					p.Data[i] = float32(i%7) / 7
				}
			} else {
				for i, x := range uniform(p.Name, min(1000, len(p.Data))) {
					p.Data[i] = float32(x)
				}
			}
		}
		w := NewWorkspace()
		hidden := slices.Clone(e.Forward(w, b))
		if alone := e.Forward(w, b.sequences(1)); !slices.Equal(alone, hidden[4*c.Hidden:]) {
			t.Error("a sequence has other bits in a batch")
		}
		if norm := math.Sqrt(sumSquares(hidden)); !(norm > 1 && norm < 1e4) || len(hidden) != 7*c.Hidden {
			t.Errorf("%d hidden values have norm %g", len(hidden), norm)
		}
		if err := e.Check(Batch{make([]int32, 513), []int32{0, 513}}); err == nil || err.Error() != "checking batch: sequence 0 has 513 tokens, the model takes 512" {
			t.Errorf("513 tokens give %v", err)
		}
	}
}

// freeMemory is how many bytes programs can still get, or a lot where that is not known.
func freeMemory() int64 {
	data, _ := os.ReadFile("/proc/meminfo")
	_, after, found := strings.Cut(string(data), "MemAvailable:")
	kilobytes := int64(1 << 30)
	if found {
		fmt.Sscan(after, &kilobytes)
	}
	return kilobytes << 10
}
