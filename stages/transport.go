package stages

import (
	"context"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/ot"
	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// Transport says how the plans of the loss ot are found.
type Transport struct {
	// Solver is sinkhorn, which blurs the plan by epsilon; ipot, which does not and takes epsilon, 0.5 say, as the size of
	// its steps; or exact, which is as fast at the length of sentences, and takes neither epsilon nor iterations.
	Solver string `yaml:"solver"`
	// Epsilon is the weight of the plan's entropy, in the unit of the cosine cost.
	Epsilon float64 `yaml:"epsilon"`
	// RelativeEpsilon has epsilon count in standard deviations of a pair's costs instead.
	RelativeEpsilon bool `yaml:"relative_epsilon"`
	// Iterations is the most that the solver does for a pair.
	Iterations int `yaml:"iterations"`
	// Tolerance is the L1 marginal error at which a pair's plan is good enough.
	Tolerance float64 `yaml:"tolerance"`
	// Marginals are the masses of tokens: uniform, norm (of the vectors, less the centre), idf (inverse document frequency
	// over the pairs) or attention (what a token receives from the text's own tokens in the last layer, held constant).
	Marginals string `yaml:"marginals"`
	// Share is the part of the mass that is moved: less than 1 where one side says more than the other.
	Share float64 `yaml:"share"`
	// Reach is, above 0, the price at which marginals may differ, times their Kullback-Leibler divergence; slow, and for
	// sinkhorn alone.
	Reach float64 `yaml:"reach"`
}

const sinkhornSolver = "sinkhorn"

var solvers = map[string]ot.Solve{sinkhornSolver: ot.Sinkhorn, "ipot": ot.IPOT, "exact": ot.Exact}

// NewTransport returns a Transport with its defaults: Sinkhorn, epsilon 0.02, all of uniform masses.
func NewTransport() Transport {
	o := ot.DefaultOptions()
	return Transport{Solver: sinkhornSolver, Epsilon: 0.02, Iterations: o.Iterations, Tolerance: 0.001, Marginals: train.Uniform, Share: 1}
}

// Validate checks the keys.
func (t *Transport) Validate() []schemas.Mistake {
	found := mistakes(oneOf("solver", t.Solver, sinkhornSolver, "ipot", "exact"))
	found = append(found, oneOf("marginals", t.Marginals, train.Uniform, train.Norm, train.IDF, train.Attention)...)
	found.when(t.Epsilon <= 0, "epsilon", "above 0", t.Epsilon)
	found.when(t.Iterations < 1, "iterations", "at least 1", t.Iterations)
	found.when(t.Tolerance < 0, "tolerance", "at least 0", t.Tolerance)
	found.when(t.Share <= 0 || t.Share > 1, "share", "above 0 and at most 1", t.Share)
	found.when(t.Reach < 0, "reach", "at least 0", t.Reach)
	found.when(t.Reach > 0 && t.Share < 1, "reach", "0 where share is below 1", t.Reach)
	_, known := solvers[t.Solver] // another is one mistake already
	found.when(known && t.Reach > 0 && t.Solver != sinkhornSolver, "reach", "0 with solver "+t.Solver, t.Reach)
	return found
}

// Align aligns two texts by such a plan; see model.Align.
func (t *Transport) Align(ctx context.Context, teacher, student *model.Model, source, target, prefix string, maxTokens int) (model.Alignment, error) {
	return model.Align(ctx, teacher, student, source, target, prefix, maxTokens, solvers[t.Solver], t.solver())
}

func (t *Transport) solver() ot.Options {
	return ot.Options{Epsilon: float32(t.Epsilon), Relative: t.RelativeEpsilon, Iterations: t.Iterations, Tolerance: float32(t.Tolerance),
		Share: float32(t.Share), Reach: float32(t.Reach)}
}
