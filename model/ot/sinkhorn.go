package ot

import (
	"math"
	"slices"
	"sync"

	"github.com/ferry-clir/ferry/model/kernel"
)

// Sinkhorn solves a batch of entropic problems by alternate scaling of rows and columns (Cuturi, arXiv 1306.0895), with
// over-relaxation (Thibault et al., arXiv 1711.01851).
//
// costs and plans hold one (Rows, Columns) block a shape, concatenated in order; plans is overwritten. a and b hold the
// row and the column masses, concatenated likewise; nil means uniform masses that sum to 1. A mass may be 0: that row or
// column of the plan is then 0. Every problem stops by itself; the reports come in the order of the shapes.
//
// A problem is solved on exp((f + g - C)/epsilon), where the potentials f and g absorb what float32 would not hold
// (Schmitzer, arXiv 1610.06519); if that fails, on logarithms. A cost that is NaN or infinite, masses that are negative
// or do not balance, or a side without tokens is an error that names the problem; plans of the problems before it are
// then done, the others untouched. Finite costs never yield NaN.
//
// Where o.Reach is above 0 the marginals need not be a and b, and may sum to different masses: how far they are from
// them costs o.Reach times their Kullback-Leibler divergence (Chizat et al., arXiv 1607.05816). Such problems are solved
// on logarithms.
func Sinkhorn(costs []float32, shapes []Shape, a, b []float32, o Options, plans []float32) ([]Report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return eachProblem(costs, shapes, a, b, o, plans, (*solver).solve)
}

// A Solve is Sinkhorn, IPOT or Exact.
type Solve func(costs []float32, shapes []Shape, a, b []float32, o Options, plans []float32) ([]Report, error)

// A solver holds the scratch that problems share, one after the other.
type solver struct {
	scaling kernel.Scaling
	f, g    []float32 // (rows), (columns): potentials, in the unit of the costs
	spread  float32   // largest of the costs less the least
	log     logScratch
	paths   paths
	partial partial
}

// scratch keeps solvers for the next batch.
var scratch = sync.Pool{New: func() any { return new(solver) }}

// start sets the potentials so that every row and every column of the kernel has a 1 where there is mass: none vanishes
// as a whole.
func (s *solver) start(p problem) error {
	s.scaling.Resize(p.rows, p.columns)
	copy(s.scaling.A, p.a)
	copy(s.scaling.B, p.b)
	s.f, s.g = resized(s.f, p.rows), resized(s.g, p.columns)
	clear(s.g)
	free(s.g, p.b)
	largest, finite := kernel.RowMinima(s.f, p.costs, s.g)
	if !finite {
		return p.checkCosts()
	}
	s.spread = largest - slices.Min(s.f)
	free(s.f, p.a)
	kernel.ColumnMinima(s.g, p.costs, s.f)
	return nil
}

// free lowers the potentials where there is no mass until they constrain nothing.
func free(potentials, masses []float32) {
	for i, m := range masses {
		if m == 0 {
			potentials[i] = -math.MaxFloat32 / 4
		}
	}
}

// resized returns x with n elements that hold anything.
func resized(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n)
	}
	return x[:n]
}

func (s *solver) solve(p problem, o Options) (r Report, err error) {
	if err := s.start(p); err != nil {
		return r, err
	}
	if o.Reach > 0 {
		return s.unbalanced(p, o), nil
	}
	if s.iterate(p, o, &r) {
		r.Value, r.MarginalError = s.scaling.Plan(p.plan, p.costs)
		s.absorb(o.Epsilon)
	}
	if v := r.Value + r.MarginalError; r.Solver == LogDomain || v-v != 0 {
		r = s.solveLog(p, o)
	}
	r.Bound = p.bound(s.f, s.g)
	r.Converged = r.MarginalError <= o.Tolerance
	return r, nil
}

// Epsilon falls to its value by steps of falling where the costs spread over more than wide of it, which spares most of
// the iterations that small ones want. The early ones need not be exact, and leave at least two thirds of the iterations.
const (
	wide           = 28
	falling        = 4
	earlyTolerance = 0.03
	earlyMost      = 30
)

// iterate scales the kernel until the marginal error is at most the tolerance. It returns false where float32 did not
// hold the numbers.
func (s *solver) iterate(p problem, o Options, r *Report) bool {
	for epsilon := s.spread / wide; epsilon > o.Epsilon; epsilon /= falling {
		if !s.settle(p, epsilon, min(earlyMost, (o.Iterations-r.Iterations)/3), earlyTolerance, r) {
			return false
		}
		s.absorb(epsilon)
	}
	return s.settle(p, o.Epsilon, o.Iterations-r.Iterations, o.Tolerance, r)
}

// settle is iterate with one epsilon.
func (s *solver) settle(p problem, epsilon float32, iterations int, tolerance float32, r *Report) bool {
	s.scaling.SetKernel(p.costs, s.f, s.g, 1/epsilon)
	var w pace
	for left := iterations; left > 0; {
		n, relax := w.next(left)
		progress := s.scaling.Iterate(n, relax)
		left, r.Iterations = left-n, r.Iterations+n
		off := progress.RowError
		if relax > 0 {
			off += progress.ColumnError // else the columns are right
		}
		if !(off <= math.MaxFloat32 && progress.Low > 0 && progress.High <= math.MaxFloat32) {
			r.Solver = LogDomain
			return false
		}
		if w.judge(off, tolerance) {
			return true
		}
		if left > 0 && (progress.Low < 1/farthest || progress.High > farthest) {
			s.absorb(epsilon)
			s.scaling.SetKernel(p.costs, s.f, s.g, 1/epsilon)
			r.Solver = Absorption
		}
	}
	return true
}

// farthest is how large a scaling, or small its inverse, may become before the potentials absorb it: what the kernel
// has as 0, below e^-86, is then less than 1e-17 of the mass.
const farthest = 1e10

// absorb adds the logarithms of the scalings to the potentials.
func (s *solver) absorb(epsilon float32) {
	move := func(potentials, scalings []float32) {
		for i, x := range scalings {
			if x > 0 {
				potentials[i] += epsilon * float32(math.Log(float64(x)))
			}
		}
	}
	move(s.f, s.scaling.U)
	move(s.g, s.scaling.V)
}
