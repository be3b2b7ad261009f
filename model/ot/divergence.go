package ot

import (
	"errors"
	"math"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
)

// Divergence returns the Sinkhorn divergence between two clouds of unit vectors by their cosine cost,
//
//	OT(x, y) - (OT(x, x) + OT(y, y)) / 2
//
// (Feydy et al., arXiv 1810.08278). It is 0 for equal clouds and above 0 for others, while OT blurs plans so that even
// OT(x, x) is not the least. OT is the objective of the package's documentation, entropy included. Where epsilon weighs the
// plan's Kullback-Leibler divergence from the product of the masses instead, as with Feydy et al. and in geomloss, the result
// is the same: the two differ by what the masses alone make, which cancels. POT's empirical_sinkhorn_divergence leaves the
// entropy out of all three values, and is another number.
//
// x is (m, d), y is (n, d), with rows as Unit leaves them; a and b are their masses, or nil for uniform ones. All mass is
// moved: a reach or a share is an error. A relative epsilon is that of the costs between x and y in all three problems. dy, unless nil,
// is (n, d) and becomes the gradient with respect to y by the envelope theorem; UnitGradient carries it on. The reports are of
// the three problems; other errors are those of Sinkhorn.
func Divergence(x, y []float32, d int, a, b []float32, o Options, dy []float32) (value float64, reports []Report, err error) {
	if err := o.check(); err != nil {
		return 0, nil, err
	}
	if o.Reach > 0 || o.partly() {
		return 0, nil, errors.New("computing a divergence: it moves all mass, and takes neither reach nor share")
	}
	m, n := len(x)/d, len(y)/d
	if m == 0 || n == 0 {
		return 0, nil, errors.New("computing a divergence: one side is without tokens")
	}
	if a == nil {
		a = uniform(new([]float32), m)
	}
	if b == nil {
		b = uniform(new([]float32), n)
	}
	shapes := []Shape{{m, n}, {m, m}, {n, n}}
	costs, plans := make([]float32, m*n+m*m+n*n), make([]float32, m*n+m*m+n*n)
	CosineCosts(costs, slices.Concat(x, x, y), slices.Concat(y, x, y), d, shapes)
	o = o.of(problem{costs: costs[:m*n]})
	o.Relative = false
	var values []float64
	reports, err = eachProblem(costs, shapes, slices.Concat(a, a, b), slices.Concat(b, a, b), o, plans, func(s *solver, p problem, o Options) (Report, error) {
		r, err := s.solve(p, o)
		values = append(values, p.entropic(s.f, float64(o.Epsilon)))
		return r, err
	})
	if err != nil {
		return 0, nil, err
	}
	if dy != nil {
		// Both arguments of OT(y, y) move, and its plan is symmetric: half of the gradient is that of one argument.
		within := make([]float32, len(dy))
		CosineGradient(dy, plans[:m*n], x, d, shapes[:1], 1)
		CosineGradient(within, plans[m*n+m*m:], y, d, shapes[2:], 1)
		kernel.Axpy(-1, within, dy)
	}
	return max(0, values[0]-(values[1]+values[2])/2), reports, nil // below 0 by rounding alone
}

// entropic returns the value of the dual of the entropic problem at f, (rows), and the best g beside it, in float64. What f is
// off the optimum by counts squared, as it does not in the plan's own <P, C>.
func (p problem) entropic(f []float32, epsilon float64) (sum float64) {
	for i, a := range p.a {
		if a > 0 {
			sum += float64(a) * float64(f[i])
		}
	}
	for j, b := range p.b {
		if b == 0 {
			continue
		}
		top, total := math.Inf(-1), 0.0 // the sum over rows of exp((f - C)/epsilon - top)
		for i, a := range p.a {
			if a == 0 {
				continue
			}
			if x := (float64(f[i]) - float64(p.costs[i*p.columns+j])) / epsilon; x > top {
				top, total = x, total*math.Exp(top-x)+1
			} else {
				total += math.Exp(x - top)
			}
		}
		sum += float64(b) * epsilon * (math.Log(float64(b)) - top - math.Log(total) - 1) // g, less the plan's mass
	}
	return sum
}
