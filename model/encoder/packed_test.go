package encoder

import (
	"slices"
	"testing"
)

// TestChangedWeights checks that a forward and a backward pass always go with the weights as they are.
func TestChangedWeights(t *testing.T) {
	c := NewConfig(BERT, 24, 2, 3, 40, 50, 12)
	e, b := sharpen(New(c, 1)), randomBatch(c, 1, 5, 9)
	w := NewWorkspace()
	w.Training = true
	run := func(e *Encoder) (hidden, gradient []float32) {
		hidden = slices.Clone(e.Forward(w, b))
		g := e.NewGradients(Frozen{})
		e.Backward(w, b, waves(len(hidden)), g)
		return hidden, g.Words.Data
	}
	before, _ := run(e)
	for i, p := range e.Parameters() {
		if len(p.Shape) == 1 {
			continue
		}
		p = e.Parameters()[i]
		for j := range p.Data {
			p.Data[j] *= 1.5
		}
		hidden, gradient := run(e)
		wantHidden, wantGradient := run(e.Clone()) // has nothing packed
		if !slices.Equal(hidden, wantHidden) || !slices.Equal(gradient, wantGradient) {
			t.Errorf("a change of %s does not reach the result", p.Name)
		}
		if slices.Equal(hidden, before) {
			t.Errorf("a change of %s changes nothing", p.Name)
		}
		before = hidden
	}
}

// TestStaleParameters checks that writing to views from before a forward pass does not go unnoticed.
func TestStaleParameters(t *testing.T) {
	c := NewConfig(BERT, 24, 2, 3, 40, 50, 12)
	e, b := New(c, 1), randomBatch(c, 1, 5)
	parameters := e.Parameters()
	w := NewWorkspace()
	e.Forward(w, b)
	for i, p := range parameters {
		if len(p.Shape) == 1 || i < 3 { // these are not laid out, and may change at any time
			continue
		}
		old := slices.Clone(p.Data)
		for j := range p.Data {
			p.Data[j]++
		}
		if !panics(func() { e.Forward(w, b) }) {
			t.Errorf("a change of %s goes unnoticed", p.Name)
		}
		copy(p.Data, old)
	}
	e.Forward(w, b)
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}
