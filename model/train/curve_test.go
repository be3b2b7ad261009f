package train

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/model/ot"
)

// goldenCurve is a run of training by PyTorch and transformers in float64.
type goldenCurve struct {
	Peak, Warmup, Decay, Limit float64
	Weights                    []float64 // of ot, pooled_mse and contrastive
	Epsilon                    float32
	Temperature                float64
	Sources, Targets           [][]int32
	Batches                    [][]int
	Losses                     [][]float64 // of every step
	Norms                      []float64   // of every step's gradient
	Names                      []string    // of parameters
	Lengths                    []float64   // Euclidean norms of the trained ones
}

// draws are numbers from -1 up to 1, as make_golden.py draws them.
func draws(state uint64, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		state += 0x9e3779b97f4a7c15
		z := (state ^ state>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		out[i] = float32(float64((z^z>>31)>>11)/(1<<52) - 1)
	}
	return out
}

// model makes make_golden.py's xlm_roberta.
func (g goldenCurve) model(t *testing.T, seed int) *encoder.Encoder {
	t.Helper()
	e := encoder.New(encoder.NewConfig(encoder.XLMRoBERTa, 32, 2, 2, 64, 40, 12), 1)
	for _, p := range e.Parameters() {
		k := slices.Index(g.Names, p.Name)
		if k < 0 {
			t.Fatalf("%s is not in the golden file", p.Name)
		}
		copy(p.Data, draws(uint64(1000*seed+k), len(p.Data)))
		scale, mean := float32(0.25), float32(0)
		if len(p.Shape) == 1 {
			scale = 0.125
		}
		if strings.HasSuffix(p.Name, "LayerNorm.weight") {
			mean = 1
		}
		for i, x := range p.Data {
			p.Data[i] = scale*x + mean
		}
	}
	return e
}

// TestCurveAgainstTorch follows 200 steps of distillation with warm-up, decay, clipping and sparse word embeddings. Every
// loss, every gradient's norm and the weights in the end stay within 5e-5 of PyTorch's, which is what rounding to float32
// comes to.
func TestCurveAgainstTorch(t *testing.T) {
	g := readGolden(t).Curve
	d, student := NewDistill(), g.model(t, 2)
	d.Teacher, d.TeacherIDs, d.StudentSource, d.StudentTarget = g.model(t, 1), ragged(g.Sources...), ragged(g.Sources...), ragged(g.Targets...)
	d.TeacherContent.Special, d.StudentContent.Special, d.Temperature = special, special, g.Temperature
	d.Losses = []Loss{{OT, g.Weights[0]}, {PooledMSE, g.Weights[1]}, {ContrastiveLoss, g.Weights[2]}}
	d.Solver = ot.Options{Epsilon: g.Epsilon, Iterations: 200, Tolerance: 1e-7}
	o := NewOptions()
	o.LearningRate, o.Warmup, o.WeightDecay, o.ClipNorm, o.MicroBatch, o.Workers = g.Peak, g.Warmup, g.Decay, g.Limit, 2, 2
	tr := newTrainer(d.objective(), o, student)
	tr.plan.counts, tr.plan.epoch, tr.plan.batches = []int{len(g.Batches)}, 0, g.Batches
	if err := tr.run(t.Context(), func(Record) error { return nil }); err != nil {
		t.Fatal(err)
	}
	tr.finish()
	furthest := 0.0
	for i, r := range tr.records {
		furthest = max(furthest, math.Abs(r.GradientNorm-g.Norms[i])/g.Norms[i])
		for k, want := range g.Losses[i] {
			furthest = max(furthest, math.Abs(r.Losses[k]-want)/want)
		}
	}
	t.Logf("losses and norms differ by up to %.2g", furthest)
	if len(tr.records) != 200 || !(furthest < 5e-5) {
		t.Errorf("after %d steps, losses and norms differ by up to %v", len(tr.records), furthest)
	}
	for _, p := range student.Parameters() {
		if strings.HasSuffix(p.Name, "key.bias") {
			continue // softmax does not see it: its gradient is nothing but rounding, which AdamW scales to full steps
		}
		want := g.Lengths[slices.Index(g.Names, p.Name)]
		if got := math.Sqrt(kernel.SumSquares(p.Data)); math.Abs(got-want) > 5e-5*want {
			t.Errorf("%s has length %v, want %v", p.Name, got, want)
		}
	}
}
