package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/kernel"
)

// TestLazyMoments trains a table of which a step touches a few rows, some of them after hundreds of steps, beside one of
// which every step updates all rows. Rows that are never away for longer than momentum lasts are the same to the bit; the
// rounding of hundreds of steps of decay, one by one or all at once, is the difference between the others.
func TestLazyMoments(t *testing.T) {
	const n, width, steps, decay = 40, 5, 700, 0.1
	e := encoder.New(encoder.NewConfig(encoder.BERT, width, 1, 1, 8, n, 5), 1)
	want := e.Clone().Parameters()[0].Data
	m, v, gradient := make([]float32, n*width), make([]float32, n*width), make([]float32, n*width)
	g := e.NewGradients(encoder.Frozen{})
	a := NewAdamW(e, g, decay, 1, 2)
	random := rand.New(rand.NewPCG(5, 5))
	words := e.Parameters()[0].Data
	for step := 1; step <= steps; step++ {
		rate := 0.01 * float64(steps-step+1) / steps
		clear(gradient)
		g.Words.IDs, g.Words.Data = g.Words.IDs[:0], g.Words.Data[:0]
		for id := range int32(n) {
			// rows below 5 never occur, those below 10 in the first steps only, the others at first and then more rarely
			if id < 5 || id < 10 && step > 3 || step > 1 && step%int(id) != 0 && random.Float64() > 1/float64(id*id) {
				continue
			}
			for k := range width {
				gradient[int(id)*width+k] = float32(random.NormFloat64())
			}
			g.Words.IDs = append(g.Words.IDs, id)
			g.Words.Data = append(g.Words.Data, gradient[int(id)*width:int(id+1)*width]...)
		}
		s := stepAt(step, rate, 0.7)
		s.WeightDecay = decay
		kernel.AdamW(s, want, m, v, gradient)
		a.Step(rate, 0.7)
		if step%100 == 50 { // rows are up to date before they are read
			a.words.catchUp([]int32{3, 7, 12, 39}, 2)
			compareRows(t, step, words, want, width, 3, 7, 12, 39)
		}
	}
	a.words.catchUpAll(2)
	compareRows(t, steps, words, want, width, shuffled(n, 1, 1)...)
	for id := 10; id < n; id++ {
		if !slices.Equal(words[id*width:(id+1)*width], want[id*width:(id+1)*width]) {
			t.Errorf("row %d, which was never away for long, differs", id)
		}
	}
}

func compareRows(t *testing.T, step int, got, want []float32, width int, ids ...int) {
	t.Helper()
	for _, id := range ids {
		for k := id * width; k < (id+1)*width; k++ {
			if math.Abs(float64(got[k]-want[k])) > 5e-6*math.Max(0.01, math.Abs(float64(want[k]))) {
				t.Errorf("step %d: row %d is %v, want %v", step, id, got[k], want[k])
			}
		}
	}
}

// TestLayerDecay checks how far the first step, which is as long as the learning rate, moves each layer.
func TestLayerDecay(t *testing.T) {
	e := encoder.New(encoder.NewConfig(encoder.BERT, 4, 3, 1, 8, 6, 5), 1)
	before, g := e.Clone().Parameters(), e.NewGradients(encoder.Frozen{})
	a := NewAdamW(e, g, 0, 0.5, 1)
	for _, p := range g.Parameters() {
		for i := range p.Data {
			p.Data[i] = 3
		}
	}
	g.Words.IDs, g.Words.Data = []int32{2}, []float32{3, 3, 3, 3}
	a.Step(0.1, 1)
	for i, p := range e.Parameters() {
		want, at := 0.1*math.Pow(0.5, float64(2-layerOf(p.Name, e.Config.Layers))), 0
		if p.Name == wordEmbeddings {
			at = 2 * 4
		}
		if moved := float64(before[i].Data[at] - p.Data[at]); math.Abs(moved-want) > 1e-6 {
			t.Errorf("%s moves by %v, want %v", p.Name, moved, want)
		}
	}
}
