package train

import (
	"bytes"
	"math"
	"os"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/kernel"
)

// goldenMLM is what transformers' models for masked language modelling computed; testdata/make_mlm.py made it.
type goldenMLM struct {
	Mask   int32
	Texts  [][]int32
	Masked [][]int // places in the texts
	Cases  []goldenMLMCase
}

type goldenMLMCase struct {
	Model                    string
	Headless                 bool // trained without the checkpoint's head
	Loss, Accuracy           float64
	Dense, Norm, Bias, Words []float64
	DenseBias                []float64          `json:"dense_bias"`
	NormBias                 []float64          `json:"norm_bias"`
	Norms                    map[string]float64 // of the encoder's gradients
}

func readMLM(t *testing.T) goldenMLM { return read[goldenMLM](t, "mlm.json", "ferry mlm golden 1") }

// job masks just the golden places, each by the mask token.
func (g goldenMLM) job(e *encoder.Encoder) MLM {
	m := NewMLM(e)
	m.Texts = ragged(g.Texts...)
	m.Masking = Masking{Share: 1, Masked: 1, Token: g.Mask}
	m.Units = make([]int32, len(m.Texts.IDs))
	for i := range m.Units {
		m.Units[i] = -1
	}
	for i, places := range g.Masked {
		for _, place := range places {
			m.Units[int(m.Texts.Offsets[i])+place] = int32(place)
		}
	}
	return m
}

// open opens a model of the encoder's testdata.
func (c goldenMLMCase) open(t *testing.T) *encoder.Encoder {
	t.Helper()
	const folder = "../encoder/testdata/"
	keys, err := os.ReadFile(folder + c.Model + ".config.json")
	if err != nil {
		t.Fatal(err)
	}
	weights, err := os.ReadFile(folder + c.Model + ".safetensors")
	if err != nil {
		t.Fatal(err)
	}
	config, err := encoder.ParseConfig(keys)
	if err != nil {
		t.Fatal(err)
	}
	e, err := encoder.Load(config, bytes.NewReader(weights), int64(len(weights)))
	if err != nil {
		t.Fatal(err)
	}
	if !c.Headless {
		return e
	}
	bare := encoder.New(config, 1)
	from := e.Parameters()
	for i, p := range bare.Parameters() {
		copy(p.Data, from[i].Data)
	}
	return bare
}

// TestMLMAgainstTorch takes a step on heads of both types, and on none, in several micro-batches.
func TestMLMAgainstTorch(t *testing.T) {
	g := readMLM(t)
	for _, c := range g.Cases {
		o := options()
		o.Batch, o.MicroBatch, o.LearningRate = 5, 2, 1e-9
		tr := newTrainer(g.job(c.open(t)).objective(), o, c.open(t))
		r, err := tr.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		nearLoss(t, c.Model, r.Loss, c.Loss)
		if math.Abs(r.Losses[1]-c.Accuracy) > 1e-9 {
			t.Errorf("%s: the accuracy is %v, want %v", c.Model, r.Losses[1], c.Accuracy)
		}
		for i, want := range [][]float64{c.Dense, c.DenseBias, c.Norm, c.NormBias, c.Bias} {
			near(t, c.Model, tr.objective.heads[i].gradient, want, 1, 2e-5)
		}
		words := make([]float32, len(c.Words))
		for i, id := range tr.gradients.Words.IDs {
			copy(words[int(id)*32:], tr.gradients.Words.Data[i*32:(i+1)*32])
		}
		near(t, c.Model+", words", words, c.Words, 1, 2e-5)
		for _, p := range tr.gradients.Parameters() {
			if want := c.Norms[p.Name]; p.Data != nil && math.Abs(math.Sqrt(kernel.SumSquares(p.Data))-want) > 1e-4*want+1e-7 {
				t.Errorf("%s: the gradient of %s has length %v, want %v", c.Model, p.Name, math.Sqrt(kernel.SumSquares(p.Data)), want)
			}
		}
	}
}
