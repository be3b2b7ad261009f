package train

import (
	"math"
	"math/rand/v2"
	"strings"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/kernel"
)

// A lowRank is the adapter of one matrix while it is trained.
type lowRank struct {
	rank, outputs int
	scale         float32
	down, up      *head  // (rank, inputs) or, of a bottleneck, (rank, outputs); (outputs, rank)
	bottleneck    bool   // down is applied to what W0 makes, not to what it is given
	parts         []part // W and, of a bottleneck, b
}

// A part is a matrix that an adapter changes; b counts as one with one column.
type part struct {
	columns        int
	weight         []float32 // (outputs, columns): the encoder's, always base + scale * up * inner
	gradient, base []float32 // (outputs, columns)
	inner          []float32 // (rank, columns): down, or down * base
	dInner         []float32
}

// trains tells whether a weight with that gradient, nil if it is frozen, is trained itself. Where there are adapters, those
// of the layers are not.
func trains(g *encoder.Gradients, name string, gradient []float32) bool {
	return gradient != nil && (g.Frozen.Matrices == 0 || !strings.HasPrefix(name, "encoder.layer."))
}

// adapt has the trainer train small matrices in place of the layers' weights, which they leave as they are at first. down
// is drawn as PyTorch draws linear layers, which PEFT keeps to: evenly within 1/sqrt(columns).
func (t *trainer) adapt() {
	o, random := t.options, rand.New(rand.NewPCG(t.options.Seed, 0x61646170746572))
	weights, gradients := t.student.Parameters(), t.gradients.Parameters()
	for i, p := range weights {
		for _, target := range o.Adapter.chosen() {
			if _, name, _ := strings.Cut(strings.TrimPrefix(p.Name, "encoder.layer."), "."); name != target.parameter+".weight" || gradients[i].Data == nil {
				continue
			}
			l := newLowRank(o.Adapter, p, gradients[i])
			if l.bottleneck {
				l.add(weights[i+1], gradients[i+1])
			}
			bound := 1 / math.Sqrt(float64(len(l.down.weights)/l.rank))
			for k := range l.down.weights {
				l.down.weights[k] = float32(bound * (2*random.Float64() - 1))
			}
			l.down.rate = layerRate(o.LayerDecay, t.student.Config, p.Name)
			l.up.rate = l.down.rate
			t.adapters = append(t.adapters, l)
			t.optimizer.add(l.down, o.WeightDecay)
			t.optimizer.add(l.up, o.WeightDecay)
		}
	}
}

func newLowRank(a Adapter, weight, gradient encoder.Parameter) *lowRank {
	l := &lowRank{rank: a.Rank, outputs: weight.Shape[0], scale: float32(a.Alpha / float64(a.Rank)), bottleneck: a.Kind == Bottleneck}
	columns := weight.Shape[1]
	if l.bottleneck {
		columns = l.outputs
	}
	l.down, l.up = newHead(make([]float32, l.rank*columns), true), newHead(make([]float32, l.outputs*l.rank), true)
	l.add(weight, gradient)
	return l
}

// add has the adapter change a weight whose gradient is that.
func (l *lowRank) add(weight, gradient encoder.Parameter) {
	n := len(weight.Data) / l.outputs
	p := part{columns: n, weight: weight.Data, gradient: gradient.Data, base: append([]float32(nil), weight.Data...), inner: l.down.weights}
	if l.bottleneck {
		p.inner, p.dInner = make([]float32, l.rank*n), make([]float32, l.rank*n)
	}
	l.parts = append(l.parts, p)
}

// merge makes the weights what the adapter says.
func (l *lowRank) merge() {
	for _, p := range l.parts {
		if l.bottleneck {
			kernel.Gemm(false, false, l.rank, p.columns, l.outputs, 1, l.down.weights, l.outputs, p.base, p.columns, 0, p.inner, p.columns)
		}
		copy(p.weight, p.base)
		kernel.Gemm(false, false, l.outputs, p.columns, l.rank, l.scale, l.up.weights, l.rank, p.inner, p.columns, 1, p.weight, p.columns)
	}
}

// collect computes the gradients of down and up from those of the weights, by the chain rule.
func (l *lowRank) collect() {
	for i, p := range l.parts {
		more := min(float32(i), 1) // 0 overwrites
		kernel.Gemm(false, true, l.outputs, l.rank, p.columns, l.scale, p.gradient, p.columns, p.inner, p.columns, more, l.up.gradient, l.rank)
		if !l.bottleneck {
			kernel.Gemm(true, false, l.rank, p.columns, l.outputs, l.scale, l.up.weights, l.rank, p.gradient, p.columns, 0, l.down.gradient, p.columns)
			continue
		}
		kernel.Gemm(true, false, l.rank, p.columns, l.outputs, l.scale, l.up.weights, l.rank, p.gradient, p.columns, 0, p.dInner, p.columns)
		kernel.Gemm(false, true, l.rank, l.outputs, p.columns, 1, p.dInner, p.columns, p.base, p.columns, more, l.down.gradient, l.outputs)
	}
}

// merge makes the student what its adapters say.
func (t *trainer) merge() {
	if len(t.adapters) > 0 {
		t.student.Parameters() // which are about to change
		t.each(len(t.adapters), func(i int) { t.adapters[i].merge() })
	}
}
