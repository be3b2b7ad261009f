package train

import (
	"math"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/kernel"
)

// wordRows updates the word embeddings, of which a step uses a few hundred rows among 250,002. A row that does not occur
// still has momentum and decay: it takes those steps when it occurs again, before it is read. That gives the weights of
// an optimiser which updates all rows in every step, at the cost of the rows that occur.
type wordRows struct {
	weights []float32 // (vocabulary, width)
	width   int
	decay   float64
	factor  float64     // of the learning rate
	moments [][]float32 // (vocabulary): first moments, then second ones; nil until the row has a gradient
	touched []int32     // (vocabulary): step of the last gradient
	current []int32     // (vocabulary): step that the weights are those of
	rates   []float64   // of every step, from 1
	kept    []float64   // what decay has left of a weight after every step
	zeros   []float32   // (width)
}

// momentum is the number of steps after its last gradient that a row takes one by one. Then its first moment is 1.4e-6
// of what it was, too little to move a float32, and what is left is decay.
const momentum = 128

func newWordRows(p encoder.Parameter, decay, factor float64) *wordRows {
	n, width := p.Shape[0], p.Shape[1]
	return &wordRows{weights: p.Data, width: width, decay: decay, factor: factor, moments: make([][]float32, n), touched: make([]int32, n),
		current: make([]int32, n), rates: []float64{0}, kept: []float64{1}, zeros: make([]float32, width)}
}

// steps is the number of steps so far.
func (r *wordRows) steps() int { return len(r.rates) - 1 }

func (r *wordRows) row(id int32) []float32 {
	return r.weights[int(id)*r.width : int(id+1)*r.width]
}

// count makes the rate of one more step known.
func (r *wordRows) count(learningRate float64) {
	rate := learningRate * r.factor
	r.rates = append(r.rates, rate)
	r.kept = append(r.kept, r.kept[len(r.kept)-1]*(1-rate*r.decay))
}

// step takes the step that was counted last: s is what all parameters have in common, g the gradient, whose rows are up
// to date but for this step.
func (r *wordRows) step(s kernel.AdamWStep, g encoder.Rows, workers int) {
	s.LearningRate, s.WeightDecay = float32(r.rates[r.steps()]), float32(r.decay)
	for _, id := range g.IDs {
		if r.moments[id] == nil {
			r.moments[id] = make([]float32, 2*r.width)
		}
	}
	each(workers, len(g.IDs), func(_, i int) {
		id := g.IDs[i]
		kernel.AdamW(s, r.row(id), r.moments[id][:r.width], r.moments[id][r.width:], g.Data[i*r.width:(i+1)*r.width])
		r.touched[id], r.current[id] = int32(r.steps()), int32(r.steps())
	})
}

// restore sets which rows were touched when, and makes room for their moments.
func (r *wordRows) restore(touched, current []int32) {
	copy(r.touched, touched)
	copy(r.current, current)
	for id, step := range touched {
		if step > 0 {
			r.moments[id] = make([]float32, 2*r.width)
		}
	}
}

// catchUp lets the given rows, which may not repeat, take the steps that they have missed.
func (r *wordRows) catchUp(ids []int32, workers int) {
	each(workers, len(ids), func(_, i int) { r.catchUpRow(ids[i]) })
}

// catchUpAll lets all rows do so.
func (r *wordRows) catchUpAll(workers int) {
	const at = 1024
	each(workers, (len(r.current)+at-1)/at, func(_, i int) {
		for id := i * at; id < min(len(r.current), (i+1)*at); id++ {
			r.catchUpRow(int32(id))
		}
	})
}

func (r *wordRows) catchUpRow(id int32) {
	at, now := int(r.current[id]), r.steps()
	if moments := r.moments[id]; moments != nil {
		m, v := moments[:r.width], moments[r.width:]
		for last := min(now, int(r.touched[id])+momentum); at < last; {
			at++
			s := stepAt(at, r.rates[at], 1)
			s.WeightDecay = float32(r.decay)
			kernel.AdamW(s, r.row(id), m, v, r.zeros)
		}
		if at < now {
			kernel.Scale(float32(math.Pow(beta1, float64(now-at))), m)
			kernel.Scale(float32(math.Pow(beta2, float64(now-at))), v)
		}
	}
	if r.kept[at] != r.kept[now] {
		kernel.Scale(float32(r.kept[now]/r.kept[at]), r.row(id))
	}
	r.current[id] = int32(now)
}
