package stages

import "github.com/ferry-clir/ferry/model/train"

// The values of preset.
const (
	opticalLike          = "optical-like"
	makeMultilingualLike = "make-multilingual-like"
)

// Apply sets what a preset stands for: all that tells the two methods apart, whatever the defaults are. Each value is ours.
// OPTICAL (arXiv 2301.12566) is known to us for its idea alone, and of make_multilingual of sentence-transformers it is the
// idea too that counts: the mean squared error of sentence vectors (arXiv 2004.09813).
func (d *Distill) Apply(preset string) {
	switch preset {
	case opticalLike: // token by token, by transport, the query encoder alone
		d.Sides, d.Losses, d.Centre = sidesQueries, map[string]float64{train.OT: 1}, true
		d.Solver, d.Epsilon, d.RelativeEpsilon, d.Iterations, d.Tolerance = sinkhornSolver, 0.02, false, 100, 0.001
		d.Marginals, d.Share, d.Reach = train.Uniform, 1, 0
		d.LearningRate, d.FreezeEmbeddings = 1e-4, true
		d.Epochs, d.Batch, d.Warmup, d.Schedule, d.WeightDecay = 3, 32, 0.1, train.Linear, 0.01
	case makeMultilingualLike: // sentence by sentence, both languages
		d.Sides, d.Losses, d.Centre = sidesBoth, map[string]float64{train.PooledMSE: 1}, false
		d.LearningRate, d.FreezeEmbeddings = 2e-5, false
		d.Epochs, d.Batch, d.Warmup, d.Schedule, d.WeightDecay = 5, 64, 0.1, train.Linear, 0.01
	}
}
