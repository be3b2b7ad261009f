package encoder

import (
	"bytes"
	"slices"
	"testing"
)

// inMemory is a file that offers its bytes, from an address that is a multiple of 8 plus shift.
type inMemory struct {
	*bytes.Reader
	data []byte
}

func (m inMemory) Mapped() []byte { return m.data }

func newInMemory(data []byte, shift int) inMemory {
	data = append(make([]byte, shift, shift+len(data)), data...)[shift:]
	return inMemory{bytes.NewReader(slices.Clone(data)), data}
}

// TestMapped checks that a model over a file in memory has the weights of one that was read; that in F32 they are the
// file's bytes but for queries, keys and values; that a clone has its own; and that what cannot be used as it lies is read.
func TestMapped(t *testing.T) {
	for _, name := range goldenModels {
		data, read := readTestdata(t, name+".safetensors"), openTiny(t, name)
		for shift := range 5 {
			m := newInMemory(data, shift)
			e, err := Load(read.Config, m, int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			clone := e.Clone()
			want := save(t, read)
			if !bytes.Equal(save(t, e), want) {
				t.Errorf("%s: shifted by %d, the weights are others", name, shift)
			}
			clear(m.data[len(m.data)/2:])
			if !bytes.Equal(save(t, clone), want) {
				t.Errorf("%s: shifted by %d, the clone changes with the file", name, shift)
			}
			viewed := (name == "bert" || name == "xlm-roberta") && shift%4 == 0
			if bytes.Equal(save(t, e), want) == viewed || (len(e.viewed) > 0) != viewed {
				t.Errorf("%s: shifted by %d, views are %v", name, shift, !viewed)
			}
		}
	}
}

// TestMappedTraining checks that writing to weights that are views reaches the next forward pass.
func TestMappedTraining(t *testing.T) {
	data, b := readTestdata(t, "bert.safetensors"), Batch{[]int32{7, 8, 9}, []int32{0, 3}}
	read := openTiny(t, "bert")
	e, err := Load(read.Config, newInMemory(data, 0), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []*Encoder{read, e} {
		for _, p := range e.Parameters() {
			for i := range p.Data {
				p.Data[i] *= 1.25
			}
		}
	}
	if !slices.Equal(e.Forward(NewWorkspace(), b), read.Forward(NewWorkspace(), b)) {
		t.Error("training views gives other results")
	}
}
