package encoder

import (
	"math"
	"slices"
	"testing"
)

// sharpen makes weights large enough that every part of the network matters.
func sharpen(e *Encoder) *Encoder {
	for _, p := range e.Parameters() {
		for i := range p.Data {
			p.Data[i] *= 10
			if len(p.Shape) == 1 {
				p.Data[i] = p.Data[i]/10 + float32(i%5-2)/20
			}
		}
	}
	return e
}

func waves(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Sin(float64(3*i + 1)))
	}
	return x
}

func sumSquares(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}

// TestFrozen checks that what is not frozen gets the same gradients to the bit, and that the rest is absent.
func TestFrozen(t *testing.T) {
	e, golden := openTiny(t, "xlm-roberta"), openGolden(t, "xlm-roberta")
	run := func(f Frozen) *Gradients {
		w := NewWorkspace()
		w.Training = true
		e.Forward(w, golden.batch)
		g := e.NewGradients(f)
		e.Backward(w, golden.batch, golden.upstream, g)
		return g
	}
	full := run(Frozen{})
	for _, test := range []struct {
		frozen Frozen
		absent int
	}{{Frozen{Embeddings: true}, 5}, {Frozen{Layers: 1}, 1 + 16}, {Frozen{Embeddings: true, Layers: 1}, 5 + 16},
		{Frozen{Embeddings: true, Layers: 2}, 5 + 2*16}, {Frozen{Layers: 2}, 1 + 2*16}, {Frozen{Embeddings: true, Matrices: QKV}, 5 + 2*3},
		{Frozen{Embeddings: true, Layers: 1, Matrices: AttentionOutput | Output}, 5 + 16 + 4}, {Frozen{Matrices: Intermediate}, 1 + 2*5}} {
		g, absent := run(test.frozen), 0
		for i, p := range g.Parameters() {
			if p.Data == nil {
				absent++
			} else if !slices.Equal(p.Data, full.Parameters()[i].Data) {
				t.Errorf("%+v: gradient of %s is not that without freezing", test.frozen, p.Name)
			}
		}
		if absent != test.absent {
			t.Errorf("%+v: %d parameters without a gradient, expected %d", test.frozen, absent, test.absent)
		}
		if !test.frozen.Embeddings && !slices.Equal(g.Words.Data, full.Words.Data) {
			t.Errorf("%+v: gradient of the words is not that without freezing", test.frozen)
		}
		if test.frozen.Embeddings && len(g.Words.IDs) > 0 {
			t.Errorf("%+v: words have a gradient", test.frozen)
		}
	}
}

// TestGradientsArithmetic checks that Backward adds, and Norm and Zero, against a batch that is run as a whole.
func TestGradientsArithmetic(t *testing.T) {
	e, golden := openTiny(t, "bert"), openGolden(t, "bert")
	w := NewWorkspace()
	w.Training = true
	run := func(g *Gradients, first, last int) {
		part, upstream := golden.part(first, last, e.Config.Hidden)
		e.Forward(w, part)
		e.Backward(w, part, upstream, g)
	}
	whole, sum := e.NewGradients(Frozen{}), e.NewGradients(Frozen{})
	run(whole, 0, 4)
	run(sum, 2, 3) // must not survive Zero
	sum.Zero()
	if sum.Norm() != 0 || len(sum.Words.IDs) != 0 {
		t.Error("gradients are left after Zero")
	}
	run(sum, 0, 2)
	run(sum, 2, 4)
	squares := 0.0
	for i, p := range whole.Parameters() {
		want, got := dense(whole, p), dense(sum, sum.Parameters()[i])
		if d := difference(got, want); d > 1e-5*(1+maximum(want)) {
			t.Errorf("gradient of %s in two parts differs by %g", p.Name, d)
		}
		squares += sumSquares(got)
	}
	if math.Abs(sum.Norm()-math.Sqrt(squares)) > 1e-4*sum.Norm() {
		t.Errorf("norm is %g instead of %g", sum.Norm(), math.Sqrt(squares))
	}
}

// part returns some sequences of the batch, and what belongs to them of the gradient of the hidden states.
func (g golden) part(first, last, hidden int) (Batch, []float32) {
	begin, end := g.batch.Offsets[first], g.batch.Offsets[last]
	part := Batch{IDs: g.batch.IDs[begin:end]}
	for _, offset := range g.batch.Offsets[first : last+1] {
		part.Offsets = append(part.Offsets, offset-begin)
	}
	return part, g.upstream[int(begin)*hidden : int(end)*hidden]
}

// TestCollect checks that it makes no difference, to the bit, whether Backward adds one batch after the other, or Collect
// all at once or two at a time, from workspaces that keep them; and that it overwrites when it is told to.
func TestCollect(t *testing.T) {
	e, golden := openTiny(t, "xlm-roberta"), openGolden(t, "xlm-roberta")
	n := golden.batch.Sequences()
	want := e.NewGradients(Frozen{})
	var kept []*Workspace
	for i := range n {
		part, upstream := golden.part(i, i+1, e.Config.Hidden)
		w := NewWorkspace()
		w.Training = true
		e.Forward(w, part)
		e.Backward(w, part, upstream, want)
		kept = append(kept, w)
	}
	for _, at := range []int{n, 2} {
		g := e.NewGradients(Frozen{})
		for _, w := range kept {
			for i := range g.Parts() {
				g.Collect(i, false, w)
			}
		}
		for first := 0; first < n; first += at {
			for i := range g.Parts() {
				g.Collect(i, first == 0, kept[first:min(n, first+at)]...)
			}
		}
		for i, p := range g.Parameters() {
			if !slices.Equal(dense(g, p), dense(want, want.Parameters()[i])) {
				t.Errorf("%d at a time: the gradient of %s differs", at, p.Name)
			}
		}
	}
}

// TestCloneToTrain checks that what is trained is copied, and what is frozen is not.
func TestCloneToTrain(t *testing.T) {
	e := openTiny(t, "xlm-roberta")
	for _, frozen := range []Frozen{{}, {Embeddings: true}, {Layers: 1}, {Embeddings: true, Layers: 2}, {Layers: 7}, {Embeddings: true, Matrices: QKV | Output}} {
		c := e.CloneToTrain(frozen)
		if !slices.Equal(c.Forward(NewWorkspace(), openGolden(t, "xlm-roberta").batch), e.Forward(NewWorkspace(), openGolden(t, "xlm-roberta").batch)) {
			t.Errorf("%+v: the clone is another model", frozen)
		}
		gradients := e.NewGradients(frozen).Parameters()
		for i, p := range c.Parameters() {
			shared := &p.Data[0] == &e.Parameters()[i].Data[0]
			if trained := gradients[i].Data != nil || p.Name == wordEmbeddings && !frozen.Embeddings; shared == trained {
				t.Errorf("%+v: %s is shared: %v", frozen, p.Name, shared)
			}
		}
	}
}
