package encoder

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder/safetensors"
)

// goldenModels are the models that testdata/make_golden.py makes.
var goldenModels = []string{"bert", "bert-mlm-bf16", "roberta-mlm-f16", "xlm-roberta"}

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func openModel(t testing.TB, folder, config, weights string) *Encoder {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, config))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseConfig(data)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(folder, weights))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	e, err := Load(c, f, stat.Size())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func openTiny(t testing.TB, name string) *Encoder {
	return openModel(t, "testdata", name+".config.json", name+".safetensors")
}

// golden is what transformers gives for a model and a batch.
type golden struct {
	batch            Batch
	hidden, upstream []float32
	gradients        map[string][]float32
}

// readTensors reads a golden file.
func readTensors(t testing.TB, name string) (metadata map[string]string, tensors map[string][]float32) {
	t.Helper()
	data := readTestdata(t, name)
	file, err := safetensors.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	tensors = map[string][]float32{}
	for _, tensor := range file.Tensors {
		tensors[tensor.Name] = make([]float32, tensor.Elements())
		if err := file.Read(tensor, tensors[tensor.Name]); err != nil {
			t.Fatal(err)
		}
	}
	return file.Metadata, tensors
}

func openGolden(t testing.TB, name string) golden {
	t.Helper()
	_, arrays := readTensors(t, name+".golden.safetensors")
	g := golden{Batch{Offsets: []int32{0}}, arrays["hidden"], arrays["upstream"], map[string][]float32{}}
	for _, id := range arrays["ids"] {
		g.batch.IDs = append(g.batch.IDs, int32(id))
	}
	for i, n := range arrays["lengths"] {
		g.batch.Offsets = append(g.batch.Offsets, g.batch.Offsets[i]+int32(n))
	}
	for key, data := range arrays {
		if parameter, ok := strings.CutPrefix(key, "gradient."); ok {
			g.gradients[parameter] = data
		}
	}
	return g
}

// difference returns the largest absolute difference, infinite if the lengths differ or a NaN is there.
func difference(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	worst := 0.0
	for i := range a {
		if d := math.Abs(float64(a[i]) - float64(b[i])); !(d <= worst) {
			worst = d
		}
		if math.IsNaN(worst) {
			return math.Inf(1)
		}
	}
	return worst
}

func TestForwardGolden(t *testing.T) {
	for _, name := range goldenModels {
		e, want := openTiny(t, name), openGolden(t, name)
		if err := e.Check(want.batch); err != nil {
			t.Fatal(err)
		}
		for _, training := range []bool{false, true} {
			w := NewWorkspace()
			w.Training = training
			got := e.Forward(w, want.batch)
			if d := difference(got, want.hidden); d > 1e-5 {
				t.Errorf("%s, training %v: hidden states differ by %g", name, training, d)
			}
		}
	}
}

// TestBackwardGolden uses one workspace three times: the first pass allocates all memory, the second lays it out, and the
// third finds NaN wherever it reads what it has not written.
func TestBackwardGolden(t *testing.T) {
	for _, name := range goldenModels {
		e, want := openTiny(t, name), openGolden(t, name)
		w, g := NewWorkspace(), e.NewGradients(Frozen{})
		w.Training = true
		for range 3 {
			g.Zero()
			e.Forward(w, want.batch)
			e.Backward(w, want.batch, want.upstream, g)
			compareGradients(t, name, g, want.gradients)
			for i := range w.arena.slab {
				w.arena.slab[i] = float32(math.NaN())
			}
		}
	}
}

func compareGradients(t *testing.T, name string, g *Gradients, want map[string][]float32) {
	if len(want) != len(g.Parameters()) {
		t.Errorf("%s: %d gradients for %d parameters", name, len(want), len(g.Parameters()))
	}
	for _, p := range g.Parameters() {
		// The gradient of a key's bias is 0 in exact arithmetic, hence an absolute part.
		if d := difference(dense(g, p), want[p.Name]); d > 1e-5*(1+maximum(want[p.Name])) {
			t.Errorf("%s: gradient of %s differs by %g, its maximum is %g", name, p.Name, d, maximum(want[p.Name]))
		}
	}
}

// dense returns the gradient of p as a full tensor.
func dense(g *Gradients, p Parameter) []float32 {
	if p.Name != wordEmbeddings {
		return p.Data
	}
	h := g.config.Hidden
	all := make([]float32, p.Elements())
	for i, id := range g.Words.IDs {
		copy(all[int(id)*h:], g.Words.Data[i*h:(i+1)*h])
	}
	return all
}

func maximum(x []float32) float64 { return difference(x, make([]float32, len(x))) }

// TestRealModels compares the first four values and the norm of every token's hidden state with transformers'.
func TestRealModels(t *testing.T) {
	folder := os.Getenv("FERRY_MODELS")
	if folder == "" {
		t.Skip("FERRY_MODELS names no folder with real models")
	}
	var models map[string][]struct {
		IDs   []int32
		First [][]float32
		Norms []float32
	}
	if err := json.Unmarshal(readTestdata(t, "real.json"), &models); err != nil {
		t.Fatal(err)
	}
	for name, texts := range models {
		e := openModel(t, filepath.Join(folder, name), "config.json", "model.safetensors")
		w, b := NewWorkspace(), Batch{Offsets: []int32{0}}
		for _, text := range texts {
			b.IDs = append(b.IDs, text.IDs...)
			b.Offsets = append(b.Offsets, int32(len(b.IDs)))
		}
		hidden := slices.Clone(e.Forward(w, b))
		for precision, cosine := range lowest {
			w.Precision = precision
			comparePrecision(t, name, precision, e.Forward(w, b), hidden, e.Config.Hidden, cosine)
		}
		for i, text := range texts {
			for j := range text.IDs {
				row := part(hidden, int(b.Offsets[i])+j, e.Config.Hidden)
				sum := 0.0
				for _, x := range row {
					sum += float64(x) * float64(x)
				}
				if d := difference(row[:4], text.First[j]); d > 1e-4 {
					t.Errorf("%s: text %d, token %d differs by %g", name, i, j, d)
				}
				if d := math.Abs(math.Sqrt(sum) - float64(text.Norms[j])); d > 1e-4 {
					t.Errorf("%s: text %d, token %d: the norm differs by %g", name, i, j, d)
				}
			}
		}
	}
}
