package train

import (
	"fmt"
	"math"
	"strings"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/kernel"
)

// AdamW is the optimiser of arXiv 1711.05101 with PyTorch's defaults (beta 0.9 and 0.999, epsilon 1e-8). Weight decay is
// decoupled, and spares biases and layer normalisation. The word embeddings go as if every row of them were updated in
// every step, but lazily: see wordRows.
type AdamW struct {
	encoder   *encoder.Encoder
	gradients *encoder.Gradients
	workers   int
	steps     int
	moments   [][]float32 // of every parameter with a gradient, but for the words: first moments, then second ones
	chunks    []chunk
	sums      []float64 // of every chunk: sum of squares of its gradient
	words     *wordRows // nil if they are frozen
}

// A chunk is a part of a parameter that is updated at once; its four vectors fit into a core's cache.
type chunk struct {
	weights, m, v, gradient []float32
	decay                   float32
	factor                  float64 // of the learning rate
}

const chunkSize = 1 << 14

const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// wordEmbeddings is the parameter whose gradient is sparse.
const wordEmbeddings = "embeddings.word_embeddings.weight"

// NewAdamW makes an optimiser of the weights of e that have a gradient in g and no adapter in their place. Each layer
// learns layerDecay times as fast as the one above it, the embeddings as if they were the layer below the first. Workers do
// not change the result.
func NewAdamW(e *encoder.Encoder, g *encoder.Gradients, weightDecay, layerDecay float64, workers int) *AdamW {
	a := &AdamW{encoder: e, gradients: g, workers: workers}
	gradients := g.Parameters()
	for i, p := range e.Parameters() {
		factor := layerRate(layerDecay, e.Config, p.Name)
		if p.Name == wordEmbeddings && !g.Frozen.Embeddings {
			a.words = newWordRows(p, weightDecay, factor)
		}
		gradient := gradients[i].Data
		if !trains(g, p.Name, gradient) {
			continue
		}
		c := chunk{decay: float32(weightDecay), factor: factor}
		if len(p.Shape) == 1 {
			c.decay = 0
		}
		a.cut(c, p.Data, gradient)
	}
	return a
}

// cut cuts a parameter into chunks like c.
func (a *AdamW) cut(c chunk, weights, gradient []float32) {
	n := len(weights)
	moments := make([]float32, 2*n)
	a.moments = append(a.moments, moments)
	for from := 0; from < n; from += chunkSize {
		to := min(n, from+chunkSize)
		c.weights, c.gradient, c.m, c.v = weights[from:to], gradient[from:to], moments[from:to], moments[n+from:n+to]
		a.chunks = append(a.chunks, c)
	}
	a.sums = make([]float64, len(a.chunks))
}

// Norm is the Euclidean norm of the gradient.
func (a *AdamW) Norm() float64 {
	each(a.workers, len(a.chunks), func(_, i int) { a.sums[i] = kernel.SumSquares(a.chunks[i].gradient) })
	total := kernel.SumSquares(a.gradients.Words.Data)
	for _, sum := range a.sums {
		total += sum
	}
	return math.Sqrt(total)
}

// Step moves the weights by one step against scale times the gradient.
func (a *AdamW) Step(learningRate, scale float64) {
	if a.words != nil {
		a.words.catchUp(a.gradients.Words.IDs, a.workers)
	}
	a.count(learningRate)
	a.encoder.Parameters() // which are about to change
	step := stepAt(a.steps, learningRate, scale)
	each(a.workers, len(a.chunks), func(_, i int) {
		c, s := &a.chunks[i], step
		s.LearningRate, s.WeightDecay = float32(learningRate*c.factor), c.decay
		kernel.AdamW(s, c.weights, c.m, c.v, c.gradient)
	})
	if a.words != nil {
		a.words.step(step, a.gradients.Words, a.workers)
	}
}

// count makes one more step known.
func (a *AdamW) count(learningRate float64) {
	a.steps++
	if a.words != nil {
		a.words.count(learningRate)
	}
}

// vocabulary is the number of rows of the word embeddings, 0 if they are frozen.
func (a *AdamW) vocabulary() int {
	if a.words == nil {
		return 0
	}
	return len(a.words.current)
}

// stepAt is what the steps of all parameters have in common.
func stepAt(step int, learningRate, scale float64) kernel.AdamWStep {
	return kernel.AdamWStep{LearningRate: float32(learningRate), Beta1: beta1, Beta2: beta2, Epsilon: epsilon, Scale: float32(scale),
		Correction1: float32(1 - math.Pow(beta1, float64(step))), Correction2: float32(1 - math.Pow(beta2, float64(step)))}
}

// clipping returns what gradients are to be scaled by for their Euclidean norm not to exceed a limit, as
// torch.nn.utils.clip_grad_norm_ does. A norm that is not finite, or a limit of 0, leaves them as they are.
func clipping(norm, limit float64) float64 {
	if limit > 0 && norm > limit && finite(norm) {
		return limit / (norm + 1e-6)
	}
	return 1
}

// layerRate is the learning rate of a parameter relative to that of the topmost layer.
func layerRate(layerDecay float64, c encoder.Config, name string) float64 {
	return math.Pow(layerDecay, float64(c.Layers-1-layerOf(name, c.Layers)))
}

// layerOf is the layer that a parameter belongs to, -1 for the embeddings and the last of so many for a projection.
func layerOf(name string, layers int) int {
	if strings.HasPrefix(name, "projection.") {
		return layers - 1
	}
	layer := -1
	fmt.Sscanf(name, "encoder.layer.%d.", &layer)
	return layer
}
