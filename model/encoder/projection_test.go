package encoder

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder/safetensors"
)

// projected is a small encoder of width 24 with a projection to the given width.
func projected(width int) *Encoder {
	e := sharpen(New(NewConfig(XLMRoBERTa, 24, 2, 3, 40, 50, 40), 1))
	weight := waves(width * 24)
	for i := range weight {
		weight[i] /= 4
	}
	return e.WithProjection(weight, waves(width))
}

func TestProjectionIsLinear(t *testing.T) {
	for _, width := range []int{1, 24, 31} {
		e := projected(width)
		plain := New(NewConfig(XLMRoBERTa, 24, 2, 3, 40, 50, 40), 1)
		sharpen(plain)
		b := randomBatch(e.Config, 1, 5, 13, 1)
		hidden, got := plain.Forward(NewWorkspace(), b), e.Forward(NewWorkspace(), b)
		if len(got) != 19*width || e.Config.Width() != width {
			t.Fatalf("%d numbers for 19 tokens of width %d", len(got), width)
		}
		for i, x := range got {
			want := float64(e.weights.projectionBias[i%width])
			for j := range 24 {
				want += float64(e.weights.projection[i%width*24+j]) * float64(hidden[i/width*24+j])
			}
			if math.Abs(float64(x)-want) > 1e-5 {
				t.Fatalf("width %d: number %d is %v, want %v", width, i, x, want)
			}
		}
	}
}

// TestProjectionGradients compares with central differences along random directions, for each tensor by itself: those of
// the projection, and those below it that its gradient goes through.
func TestProjectionGradients(t *testing.T) {
	e := projected(7)
	b := randomBatch(e.Config, 1, 5, 13, 1)
	w := NewWorkspace()
	w.Training = true
	upstream := waves(len(e.Forward(w, b)))
	g := e.NewGradients(Frozen{})
	e.Backward(w, b, upstream, g)
	loss := func(e *Encoder) (sum float64) {
		for i, x := range e.Forward(NewWorkspace(), b) {
			sum += float64(x) * float64(upstream[i])
		}
		return sum
	}
	for i, p := range g.Parameters() {
		if !strings.HasPrefix(p.Name, projectionName) && !strings.HasPrefix(p.Name, "encoder.layer.1.output.") {
			continue
		}
		along, want, length := waves(len(p.Data)), 0.0, math.Sqrt(sumSquares(p.Data))
		for j, x := range p.Data { // along the gradient and across it
			along[j] += x / float32(length)
			want += float64(along[j]) * float64(x)
		}
		at := func(h float64) float64 {
			moved := e.Clone()
			x := moved.Parameters()[i].Data
			for j := range x {
				x[j] += float32(h) * along[j]
			}
			return loss(moved)
		}
		const h = 1e-2
		if got := (at(h) - at(-h)) / (2 * h); math.Abs(got-want) > 1e-3*math.Max(1, math.Abs(want)) {
			t.Errorf("%s: the loss changes by %v, the gradient says %v", p.Name, got, want)
		}
	}
}

func TestFrozenProjection(t *testing.T) {
	e := projected(7)
	for _, frozen := range []Frozen{{Projection: true}, {Projection: true, Embeddings: true}, {Embeddings: true}} {
		absent := 0
		for _, p := range e.NewGradients(frozen).Parameters() {
			if p.Data == nil && strings.HasPrefix(p.Name, projectionName) {
				absent++
			}
		}
		shared := &e.CloneToTrain(frozen).weights.projection[0] == &e.weights.projection[0]
		if frozen.Projection != (absent == 2) || frozen.Projection != shared {
			t.Errorf("%+v: %d tensors without gradient, shared %v", frozen, absent, shared)
		}
	}
}

func TestProjectionSavedAndLoaded(t *testing.T) {
	e := projected(7)
	var weights, projection bytes.Buffer
	if err := e.Save(&weights); err != nil {
		t.Fatal(err)
	}
	if err := e.SaveProjection(&projection); err != nil {
		t.Fatal(err)
	}
	plain, err := Load(e.Config, bytes.NewReader(weights.Bytes()), int64(weights.Len()))
	if err != nil || plain.Config.Width() != 24 || len(plain.Unexpected()) > 0 {
		t.Fatal(plain, err)
	}
	read := func(outputs int) (*Encoder, error) {
		return plain.LoadProjection(bytes.NewReader(projection.Bytes()), int64(projection.Len()), outputs)
	}
	loaded, err := read(7)
	if err != nil {
		t.Fatal(err)
	}
	b := randomBatch(e.Config, 1, 5, 13, 1)
	if !slices.Equal(e.Forward(NewWorkspace(), b), loaded.Forward(NewWorkspace(), b)) {
		t.Error("a loaded encoder gives other vectors")
	}
	if _, err := read(8); err == nil || !strings.Contains(err.Error(), "linear.weight has shape [7 24] where the configuration asks for [8 24]") {
		t.Errorf("got %v", err)
	}
	var bare bytes.Buffer
	arrays := []safetensors.Array{{Name: denseName + "weight", Shape: []int{7, 24}, Data: e.weights.projection}}
	if err := safetensors.Write(&bare, nil, arrays); err != nil {
		t.Fatal(err)
	}
	without, err := plain.LoadProjection(bytes.NewReader(bare.Bytes()), int64(bare.Len()), 7)
	if err != nil || !slices.Equal(without.weights.projectionBias, make([]float32, 7)) {
		t.Errorf("without a bias: %v", err)
	}
	if !panics(func() { e.WithProjection(make([]float32, 5), make([]float32, 1)) }) {
		t.Error("a weight of the wrong length is taken")
	}
}
