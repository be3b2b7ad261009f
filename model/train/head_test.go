package train

import (
	"math"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/kernel"
)

// stretching is a job with a head of its own, w: its loss is |w * v|^2 / 2 for sentence vectors v.
type stretching struct {
	texts   Ragged
	weights []float32
}

func (s stretching) check(student *encoder.Encoder) error { return checkSides(student, s.texts) }

func (s stretching) objective() objective {
	o := objective{sides: []Ragged{s.texts}}
	o.terms = []term{{Loss{"stretch", 1}, stretch{o.addHead(s.weights, true)}}}
	return o
}

type stretch struct{ w *head }

func (s stretch) within(b *batch, m *microBatch, side int, scale float32) (sum float64, _ error) {
	vectors, dVectors, dw := b.rows(b.vectors, side, m), b.rows(b.dVectors, side, m), m.gradient(s.w)
	for i, v := range vectors {
		k := i % b.d
		w := s.w.weights[k]
		sum += float64(w*v*w*v) / 2
		dVectors[i] += scale * w * w * v
		dw[k] += scale * w * v * v
	}
	return sum, nil
}

func newStretching() stretching {
	texts, _ := bitext(48)
	return stretching{texts, slices.Repeat([]float32{0.5}, 32)}
}

// TestHeadGradient compares the gradient of a head with how the loss changes along it.
func TestHeadGradient(t *testing.T) {
	at := func(weights []float32) (gradient []float32, loss float64) {
		job := newStretching()
		if weights != nil {
			copy(job.weights, weights)
		}
		tr := newTrainer(job.objective(), options(), tiny(2))
		r, err := tr.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return tr.objective.heads[0].gradient, r.Loss
	}
	gradient, _ := at(nil)
	const far = 1e-2
	up, down := newStretching().weights, newStretching().weights
	kernel.Axpy(far, gradient, up)
	kernel.Axpy(-far, gradient, down)
	_, above := at(up)
	_, below := at(down)
	if want := kernel.SumSquares(gradient); math.Abs((above-below)/(2*far)-want) > 1e-3*want {
		t.Errorf("the loss changes by %v along the gradient, want %v", (above-below)/(2*far), want)
	}
}

// TestHeadIsKept stops a run after every tenth step and resumes it with another number of workers: a head ends as in a
// run that was never stopped, elsewhere than it began, and with the weights that were best.
func TestHeadIsKept(t *testing.T) {
	o, whole := options(), newStretching()
	o.Evaluate, o.EvaluateEvery = firstWeight, 7
	run(t, tiny(2), whole, o)
	if slices.Equal(whole.weights, newStretching().weights) {
		t.Error("the head was not trained")
	}
	var state []byte
	for stopped := true; stopped; o.Workers = 5 - o.Workers {
		job := newStretching()
		if state, stopped, _ = runTenSteps(t, tiny(2), job, o, state); !stopped && !slices.Equal(job.weights, whole.weights) {
			t.Errorf("the head is %v, want %v", job.weights, whole.weights)
		}
	}
}
