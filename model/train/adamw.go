package train

import (
	"math"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/kernel"
)

// AdamW is the optimiser of arXiv 1711.05101 with PyTorch's defaults (beta 0.9 and 0.999, epsilon 1e-8). Weight decay is
// decoupled, and spares biases and layer normalisation. Of the word embeddings only the rows that occurred in a step are
// updated, decayed and given moments, as PyTorch's SparseAdam does.
type AdamW struct {
	encoder     *encoder.Encoder
	weightDecay float32
	steps       int
	moments     [][]float32 // of every parameter: first moments, then second ones; nil until it has a gradient
	words       [][]float32 // of every row of the word embeddings: likewise
}

// NewAdamW makes an optimiser of all weights of e that will have gradients.
func NewAdamW(e *encoder.Encoder, weightDecay float64) *AdamW {
	return &AdamW{encoder: e, weightDecay: float32(weightDecay), moments: make([][]float32, len(e.Parameters())),
		words: make([][]float32, e.Config.Vocabulary)}
}

// wordEmbeddings is the parameter whose gradient is sparse.
const wordEmbeddings = "embeddings.word_embeddings.weight"

// Step moves the weights by one step against g.
func (a *AdamW) Step(g *encoder.Gradients, learningRate float64) {
	const beta1, beta2 = 0.9, 0.999
	a.steps++
	s := kernel.AdamWStep{LearningRate: float32(learningRate), Beta1: beta1, Beta2: beta2, Epsilon: 1e-8,
		Correction1: float32(1 - math.Pow(beta1, float64(a.steps))), Correction2: float32(1 - math.Pow(beta2, float64(a.steps)))}
	gradients := g.Parameters()
	for i, p := range a.encoder.Parameters() {
		s.WeightDecay = a.weightDecay
		if len(p.Shape) == 1 {
			s.WeightDecay = 0
		}
		switch {
		case p.Name == wordEmbeddings:
			d := p.Shape[1]
			for k, id := range g.Words.IDs {
				update(s, &a.words[id], p.Data[int(id)*d:int(id+1)*d], g.Words.Data[k*d:(k+1)*d])
			}
		case gradients[i].Data != nil:
			update(s, &a.moments[i], p.Data, gradients[i].Data)
		}
	}
}

func update(s kernel.AdamWStep, moments *[]float32, weights, gradient []float32) {
	n := len(weights)
	if *moments == nil {
		*moments = make([]float32, 2*n)
	}
	kernel.AdamW(s, weights, (*moments)[:n], (*moments)[n:], gradient)
}

// clip scales g down to the given Euclidean norm if it is longer, as torch.nn.utils.clip_grad_norm_ does, and returns
// the norm that it had. A norm that is not finite, or a limit of 0, leaves g as it is.
func clip(g *encoder.Gradients, limit float64) float64 {
	norm := g.Norm()
	if limit > 0 && norm > limit && finite(norm) {
		g.Scale(float32(limit / (norm + 1e-6)))
	}
	return norm
}

// learningRate is the rate of a step, counted from 0, of so many: it rises linearly to peak over the share of the steps
// that is warm-up, and falls linearly to 0 at the end.
func learningRate(peak, warmup float64, step, steps int) float64 {
	warm := warmup * float64(steps)
	rise, fall := float64(step+1)/warm, float64(steps-step)/(float64(steps)-warm)
	return peak * min(1, rise, fall)
}
