package encoder

import (
	"math"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/kernel"
)

// lowest are the cosines that hidden states in a precision must have with those of transformers.
var lowest = map[Precision]float64{BFloat16: 0.9999, Int8: 0.999}

// comparePrecision compares vectors of some width, computed in a precision, with what they should be.
func comparePrecision(t *testing.T, name string, precision Precision, got, want []float32, width int, cosine float64) {
	t.Helper()
	worst := 1.0
	for i := range len(want) / width {
		x, y := part(got, i, width), part(want, i, width)
		worst = min(worst, float64(kernel.Dot(x, y))/math.Sqrt(kernel.SumSquares(x)*kernel.SumSquares(y)))
	}
	t.Logf("%s, precision %d: elements differ by up to %.4f, the lowest cosine is %.6f", name, precision, difference(got, want), worst)
	if !(worst >= cosine) {
		t.Errorf("%s, precision %d: the lowest cosine is %g, should be at least %g", name, precision, worst, cosine)
	}
}

// TestPrecisionGolden compares with transformers. The tiny models have 32 dimensions and so large weights that rounding
// to integers turns single tokens by more than it does in real models: their cosine is that of all tokens together.
func TestPrecisionGolden(t *testing.T) {
	for _, name := range goldenModels {
		e, want := openTiny(t, name), openGolden(t, name)
		for precision, cosine := range lowest {
			w, width := NewWorkspace(), e.Config.Hidden
			if w.Precision = precision; precision == Int8 {
				width = len(want.hidden)
			}
			comparePrecision(t, name, precision, e.Forward(w, want.batch), want.hidden, width, cosine)
		}
	}
}

// TestInt8Difference has the shape and the kind of weights at which ONNX Runtime's dynamic quantization differs from
// float32 by 0.09 to 0.14.
func TestInt8Difference(t *testing.T) {
	c := NewConfig(XLMRoBERTa, 384, 12, 12, 1536, 1000, 512)
	e, b, w := New(c, 1), randomBatch(c, 1, 30, 4, 64), NewWorkspace()
	want := slices.Clone(e.Forward(w, b))
	w.Precision = Int8
	got := e.Forward(w, b)
	comparePrecision(t, "random", Int8, got, want, c.Hidden, lowest[Int8])
	if d := difference(got, want); d > 0.06 {
		t.Errorf("hidden states differ by %g", d)
	}
}

// A sequence's hidden states have the same bits whatever else is in the batch, in every precision.
func TestPrecisionBatches(t *testing.T) {
	c := NewConfig(BERT, 96, 2, 3, 200, 50, 64)
	e, b := sharpen(New(c, 1)), randomBatch(c, 1, 5, 40, 1, 17)
	for precision := range lowest {
		w := NewWorkspace()
		w.Precision = precision
		all := slices.Clone(e.Forward(w, b))
		for i := range b.Sequences() {
			begin, end := b.bounds(i)
			alone := e.Forward(w, Batch{IDs: b.IDs[begin:end], Offsets: []int32{0, int32(end - begin)}})
			if !slices.Equal(alone, all[begin*c.Hidden:end*c.Hidden]) {
				t.Errorf("precision %d: sequence %d depends on the others", precision, i)
			}
		}
	}
}

// TestBFloat16Gradients compares with PyTorch's gradients in float64: the steps that an optimiser takes point the same way.
func TestBFloat16Gradients(t *testing.T) {
	for _, name := range goldenModels {
		e, want := openTiny(t, name), openGolden(t, name)
		w, g := NewWorkspace(), e.NewGradients(Frozen{})
		w.Training, w.Precision = true, BFloat16
		e.Forward(w, want.batch)
		e.Backward(w, want.batch, want.upstream, g)
		var got, golden []float32
		for _, p := range g.Parameters() {
			got, golden = append(got, dense(g, p)...), append(golden, want.gradients[p.Name]...)
		}
		comparePrecision(t, name+"'s gradients", BFloat16, got, golden, len(got), 0.9995)
		w.Precision = Int8
		e.Forward(w, want.batch)
		if !panics(func() { e.Backward(w, want.batch, want.upstream, g) }) {
			t.Error("there is a backward pass in integers")
		}
	}
}
