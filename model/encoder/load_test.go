package encoder

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder/safetensors"
)

func save(t testing.TB, e *Encoder) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := e.Save(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// arraysOf reads all tensors of a file.
func arraysOf(t testing.TB, data []byte) []safetensors.Array {
	t.Helper()
	f, err := safetensors.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var arrays []safetensors.Array
	for _, tensor := range f.Tensors {
		a := safetensors.Array{Name: tensor.Name, Shape: tensor.Shape, Data: make([]float32, tensor.Elements())}
		if err := f.Read(tensor, a.Data); err != nil {
			t.Fatal(err)
		}
		arrays = append(arrays, a)
	}
	return arrays
}

func loadArrays(t testing.TB, c Config, arrays []safetensors.Array) (*Encoder, error) {
	t.Helper()
	var b bytes.Buffer
	if err := safetensors.Write(&b, nil, arrays); err != nil {
		t.Fatal(err)
	}
	return Load(c, bytes.NewReader(b.Bytes()), int64(b.Len()))
}

// bytesOf returns numbers as a file holds them.
func bytesOf(x []float32) []byte {
	data, _ := binary.Append(nil, binary.LittleEndian, x) // fixed size: cannot fail
	return data
}

// TestSaveLoad checks that what was loaded and saved has the tensors of the original file bit for bit, heads and prefix
// included.
func TestSaveLoad(t *testing.T) {
	for _, name := range goldenModels {
		e := openTiny(t, name)
		if e.Unexpected() != nil {
			t.Errorf("%s: %v are unexpected", name, e.Unexpected())
		}
		want := map[string][]float32{}
		for _, a := range arraysOf(t, readTestdata(t, name+".safetensors")) {
			want[a.Name] = a.Data
		}
		got := arraysOf(t, save(t, e))
		if len(got) != len(want) {
			t.Errorf("%s: %d tensors of %d were saved", name, len(got), len(want))
		}
		for _, a := range got {
			if !bytes.Equal(bytesOf(a.Data), bytesOf(want[a.Name])) {
				t.Errorf("%s: %s was changed", name, a.Name)
			}
		}
	}
}

func TestNew(t *testing.T) {
	c := NewConfig(XLMRoBERTa, 32, 1, 4, 64, 500, 16)
	if !bytes.Equal(save(t, New(c, 7)), save(t, New(c, 7))) {
		t.Error("the same seed gives other weights")
	}
	if bytes.Equal(save(t, New(c, 7)), save(t, New(c, 8))) {
		t.Error("another seed gives the same weights")
	}
	for _, p := range New(c, 7).Parameters() {
		low, high := slices.Min(p.Data), slices.Max(p.Data)
		switch {
		case strings.HasSuffix(p.Name, "LayerNorm.weight") && (low != 1 || high != 1):
			t.Errorf("%s is not 1", p.Name)
		case strings.HasSuffix(p.Name, ".bias") && (low != 0 || high != 0):
			t.Errorf("%s is not 0", p.Name)
		case p.Name == wordEmbeddings:
			if variance := sumSquares(p.Data) / float64(len(p.Data)); variance < 0.00038 || variance > 0.00042 {
				t.Errorf("the variance is %g instead of 0.0004", variance)
			}
		}
	}
}

func TestClone(t *testing.T) {
	e := openTiny(t, "bert")
	before, clone := save(t, e), e.Clone()
	if !bytes.Equal(save(t, clone), before) {
		t.Error("the clone differs")
	}
	for _, p := range clone.Parameters() {
		p.Data[0]++
	}
	if !bytes.Equal(save(t, e), before) {
		t.Error("training the clone changes the original")
	}
}

func TestLoadMistakes(t *testing.T) {
	e := openTiny(t, "bert")
	good := arraysOf(t, save(t, e))
	at := func(name string) int {
		return slices.IndexFunc(good, func(a safetensors.Array) bool { return a.Name == name })
	}
	const bias, query = "encoder.layer.1.output.dense.bias", "encoder.layer.0.attention.self.query.weight"
	for _, test := range []struct {
		change func(a []safetensors.Array) []safetensors.Array
		want   []string
	}{
		{func(a []safetensors.Array) []safetensors.Array {
			a = slices.Delete(a, at(bias), at(bias)+1)
			return slices.Delete(a, at(query), at(query)+1)
		}, []string{"2 tensors are missing: " + query + ", " + bias}},
		{func(a []safetensors.Array) []safetensors.Array {
			a[at(query)].Shape = []int{16, 64}
			return a
		}, []string{query + " has shape [16 64] where the configuration asks for [32 32]"}},
		{func(a []safetensors.Array) []safetensors.Array {
			twice := a[at(bias)]
			twice.Name = "bert." + bias
			return append(a, twice)
		}, []string{"loading weights: ", bias + " and ", " are both there"}},
	} {
		_, err := loadArrays(t, e.Config, test.change(slices.Clone(good)))
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say %q", err, want)
			}
		}
	}
}

// TestLoadHugeConfiguration checks that a configuration alone cannot ask for memory: this one would need 16 TiB.
func TestLoadHugeConfiguration(t *testing.T) {
	c := NewConfig(BERT, 1<<16, 1000, 64, 1<<18, 1<<24, 512)
	data := readTestdata(t, "bert.safetensors")
	if _, err := Load(c, bytes.NewReader(data), int64(len(data))); err == nil || !strings.Contains(err.Error(), "has shape") {
		t.Errorf("expected an error about shapes, not %v", err)
	}
}

func TestLoadTolerance(t *testing.T) {
	e := openTiny(t, "bert")
	arrays := arraysOf(t, save(t, e))
	for i, a := range arrays { // as checkpoints from TensorFlow have it
		a.Name = strings.Replace(a.Name, "LayerNorm.weight", "LayerNorm.gamma", 1)
		arrays[i].Name = "bert." + strings.Replace(a.Name, "LayerNorm.bias", "LayerNorm.beta", 1)
	}
	arrays = append(arrays,
		safetensors.Array{Name: "bert.embeddings.position_ids", Shape: []int{1}, Data: []float32{0}},
		safetensors.Array{Name: "classifier.weight", Shape: []int{2}, Data: []float32{1, 2}},
		safetensors.Array{Name: "cls.predictions.bias", Shape: []int{2}, Data: []float32{1, 2}},
		safetensors.Array{Name: "cls.predictions.decoder.weight", Shape: []int{1}, Data: []float32{3}})
	got, err := loadArrays(t, e.Config, arrays)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Unexpected(), []string{"classifier.weight"}) {
		t.Errorf("unexpected are %v", got.Unexpected())
	}
	var kept []string
	for _, a := range arraysOf(t, save(t, got)) {
		if !strings.HasPrefix(a.Name, "bert.e") {
			kept = append(kept, a.Name)
		}
	}
	if want := []string{"cls.predictions.bias", "bert.pooler.dense.bias", "bert.pooler.dense.weight"}; !slices.Equal(kept, want) {
		t.Errorf("kept are %v, not %v", kept, want)
	}
	for i, p := range got.Parameters() {
		if !slices.Equal(p.Data, e.Parameters()[i].Data) {
			t.Errorf("%s was not found", p.Name)
		}
	}
}

func TestLoadShards(t *testing.T) {
	e := openTiny(t, "xlm-roberta")
	files, index := map[string][]byte{}, map[string]map[string]string{"weight_map": {}}
	arrays := arraysOf(t, save(t, e))
	for i, part := range [][]safetensors.Array{arrays[:9], arrays[9:]} {
		name := []string{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}[i]
		var b bytes.Buffer
		if err := safetensors.Write(&b, nil, part); err != nil {
			t.Fatal(err)
		}
		files[name] = b.Bytes()
		for _, a := range part {
			index["weight_map"][a.Name] = name
		}
	}
	open := func(name string) (io.ReaderAt, int64, error) {
		if files[name] == nil {
			return nil, 0, errors.New(name + " is not there")
		}
		return newInMemory(files[name], 0), int64(len(files[name])), nil
	}
	text, _ := json.Marshal(index)
	got, err := LoadShards(e.Config, text, open)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(save(t, got), save(t, e)) {
		t.Error("shards give other weights")
	}
	if len(got.viewed) != 2 {
		t.Errorf("weights are views of %d shards", len(got.viewed))
	}
	for _, test := range []struct{ index, want string }{
		{"{", "reading safetensors index"},
		{"{}", "weight_map names no file"},
		{`{"weight_map":{"x":"model-3"}}`, "opening shard: model-3 is not there"},
		{`{"weight_map":{"x":"model-00001-of-00002.safetensors"}}`, "tensors are missing"},
	} {
		if _, err := LoadShards(e.Config, []byte(test.index), open); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s gives %v, expected %q", test.index, err, test.want)
		}
	}
}

// TestTransformersOpens lets transformers open what Save wrote and compares hidden states, and the tensors bit for bit.
func TestTransformersOpens(t *testing.T) {
	python := os.Getenv("FERRY_PYTHON")
	if python == "" {
		t.Skip("FERRY_PYTHON names no Python with transformers")
	}
	arguments, encoders := []string{filepath.Join("testdata", "open_saved.py")}, map[string]*Encoder{}
	add := func(e *Encoder) {
		folder := t.TempDir()
		arguments, encoders[folder] = append(arguments, folder), e
		for name, data := range map[string][]byte{"config.json": e.Config.JSON(), "model.safetensors": save(t, e)} {
			if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range goldenModels {
		add(openTiny(t, name))
	}
	add(New(NewConfig(RoBERTa, 16, 1, 2, 32, 40, 20), 5))
	command := exec.Command(python, arguments...)
	command.Stderr = t.Output()
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var opened map[string]struct {
		Hidden              []float32
		Missing, Unexpected []string
		Tensors             map[string]string
	}
	if err := json.Unmarshal(output, &opened); err != nil {
		t.Fatal(err)
	}
	for folder, e := range encoders {
		got := opened[folder]
		hidden := e.Forward(NewWorkspace(), Batch{[]int32{7, 8, 9}, []int32{0, 3}})
		if d := difference(hidden, got.Hidden); d > 1e-4 {
			t.Errorf("%s: transformers gives hidden states that differ by %g", e.Config.ModelType, d)
		}
		for _, a := range arraysOf(t, save(t, e)) {
			if sum := sha256.Sum256(bytesOf(a.Data)); got.Tensors[a.Name] != hex.EncodeToString(sum[:]) {
				t.Errorf("%s: transformers has another %s", e.Config.ModelType, a.Name)
			}
		}
		missing := slices.DeleteFunc(got.Missing, func(name string) bool { return strings.Contains(name, "pooler.") })
		if len(missing) > 0 || len(got.Unexpected) > 0 {
			t.Errorf("%s: missing %v, unexpected %v", e.Config.ModelType, missing, got.Unexpected)
		}
	}
}
