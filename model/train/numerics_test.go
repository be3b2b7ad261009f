package train

import (
	"math"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

// TestBFloat16 follows the losses of float32, never the same and never far.
func TestBFloat16(t *testing.T) {
	d, o := distillation(Loss{OT, 1}, Loss{PooledMSE, 0.5}), options()
	want := run(t, tiny(2), d, o)
	o.Precision = encoder.BFloat16
	got, widest := run(t, tiny(2), d, o), 0.0
	for i, r := range got {
		widest = max(widest, math.Abs(r.Loss-want[i].Loss)/want[0].Loss)
	}
	t.Logf("losses differ by up to %.2g of the first", widest)
	if !(widest > 0 && widest < 0.03) {
		t.Errorf("losses differ by up to %g of the first", widest)
	}
}

// TestDropout checks that dropout changes a run, depends on the seed alone, and not on micro-batches beyond rounding.
func TestDropout(t *testing.T) {
	d, o := distillation(Loss{OT, 1}, Loss{ContrastiveLoss, 0.1}), options()
	o.Epochs = 2
	first := func(change func(*Options)) float64 {
		changed := o
		change(&changed)
		return run(t, tiny(2), d, changed)[0].Loss
	}
	without, with := first(func(*Options) {}), first(func(o *Options) { o.Dropout = 0.2 })
	if math.Abs(without-with) < 1e-3*without {
		t.Errorf("the loss is %v without dropout and %v with it", without, with)
	}
	if parts := first(func(o *Options) { o.Dropout, o.MicroBatch = 0.2, 7 }); math.Abs(parts-with) > 1e-5*with {
		t.Errorf("the loss is %v in micro-batches of 4 and %v in those of 7", with, parts)
	}
	o.Dropout = 1
	fail(t, "dropout is 1, and must be at least 0 and below 1", tiny(2), d, o)
}

// TestGradientCheckpointing checks that it changes no bit, whatever is frozen.
func TestGradientCheckpointing(t *testing.T) {
	d, o := distillation(Loss{OT, 1}, Loss{ContrastiveLoss, 0.1}), options()
	o.Epochs = 2
	for _, o.Frozen = range []encoder.Frozen{{}, {Embeddings: true}, {Embeddings: true, Layers: 1}, {Layers: 1}} {
		plain, checkpointed := tiny(2), tiny(2)
		o.GradientCheckpointing = false
		run(t, plain, d, o)
		o.GradientCheckpointing = true
		run(t, checkpointed, d, o)
		if !slices.Equal(weightsOf(plain), weightsOf(checkpointed)) {
			t.Errorf("%+v: weights differ", o.Frozen)
		}
	}
}
