package ot

import (
	"errors"
	"fmt"

	"github.com/ferry-clir/ferry/model/kernel"
)

// widest is the spread of the costs, in epsilons, that the kernel domain takes: exp(-80) is still a normal float32, and
// so are the scalings that undo it.
const widest = 80

// Sinkhorn solves a batch of entropic problems by alternate scaling of rows and columns (Cuturi, arXiv 1306.0895).
//
// costs and plans hold one (Rows, Columns) block a shape, concatenated in order; plans is overwritten. a and b hold the
// row and the column masses, concatenated likewise; nil means uniform masses that sum to 1. A mass may be 0: that row or
// column of the plan is then 0. Every problem stops by itself; the reports come in the order of the shapes.
//
// A problem is solved on exp(-C/epsilon) where float32 holds it, else on logarithms; both walk the same path. A cost
// that is NaN or infinite, masses that are negative or do not balance, or a side without tokens is an error that names
// the problem; plans of the problems before it are then done, the others untouched. Finite costs never yield NaN.
func Sinkhorn(costs []float32, shapes []Shape, a, b []float32, o Options, plans []float32) ([]Report, error) {
	if !(o.Epsilon > 0 && o.Epsilon-o.Epsilon == 0) {
		return nil, fmt.Errorf("solving transport problems: epsilon is %v, and must be above 0", o.Epsilon)
	}
	if o.Iterations < 1 {
		return nil, errors.New("solving transport problems: iterations must be at least 1")
	}
	reports := make([]Report, len(shapes))
	var s solver
	err := eachProblem(costs, shapes, a, b, plans, func(k int, p problem) { reports[k] = s.solve(p, o) })
	if err != nil {
		return nil, err
	}
	return reports, nil
}

// A solver holds the scratch that problems share, one after the other.
type solver struct {
	scaled     []float32 // (rows, columns): -(C - row minimum)/epsilon, then its exponential
	transposed []float32 // (columns, rows): the same, transposed
	u, v       []float32 // (rows), (columns): scalings, or their logarithms in the log domain
	row, col   []float32 // (rows), (columns): sums before scaling
	scratch    []float32 // (max(rows, columns))
}

func (s *solver) solve(p problem, o Options) Report {
	s.resize(p.rows, p.columns)
	var r Report
	spread := s.scale(p, o.Epsilon)
	if spread > widest || !s.iterate(p, o, &r) {
		s.scale(p, o.Epsilon)
		s.iterateLog(p, o, &r)
	}
	p.measure(&r)
	r.Converged = r.Converged || r.MarginalError <= o.Tolerance
	return r
}

func (s *solver) resize(rows, columns int) {
	grow := func(x *[]float32, n int) {
		if cap(*x) < n {
			*x = make([]float32, n)
		}
		*x = (*x)[:n]
	}
	grow(&s.scaled, rows*columns)
	grow(&s.transposed, rows*columns)
	grow(&s.u, rows)
	grow(&s.row, rows)
	grow(&s.v, columns)
	grow(&s.col, columns)
	grow(&s.scratch, max(rows, columns))
}

// scale writes -(C - row minimum)/epsilon and returns the largest magnitude in it. Subtracting a row's minimum changes
// nothing but that row's scaling, and gives every row of the kernel a 1, so that none underflows as a whole.
func (s *solver) scale(p problem, epsilon float32) (spread float32) {
	inverse := 1 / float64(epsilon)
	for i := range p.rows {
		costs := p.costs[i*p.columns : (i+1)*p.columns]
		least := costs[0]
		for _, c := range costs {
			least = min(least, c)
		}
		for j, c := range costs {
			// The floor keeps an epsilon that is minute beside the costs from reaching infinity.
			x := float32(max(-(float64(c)-float64(least))*inverse, -1e20))
			s.scaled[i*p.columns+j] = x
			spread = max(spread, -x)
		}
	}
	return spread
}

func (s *solver) transpose(p problem) {
	for i := range p.rows {
		for j, x := range s.scaled[i*p.columns : (i+1)*p.columns] {
			s.transposed[j*p.rows+i] = x
		}
	}
}

// iterate scales K = exp(-C/epsilon) until P = diag(u) K diag(v) has the marginals a and b. K and its transpose are
// both kept, so that K v and K' u are sums of whole rows (axpy) and want no horizontal sum. It returns false where
// float32 did not hold the numbers: the plan is then unusable.
func (s *solver) iterate(p problem, o Options, r *Report) (ok bool) {
	kernel.Exp(s.scaled, s.scaled)
	s.transpose(p)
	for j := range s.v {
		s.v[j] = 1
	}
	combine(s.row, s.transposed, s.v)
	for r.Iterations = 1; ; r.Iterations++ {
		if !divide(s.u, p.a, s.row) {
			return false
		}
		combine(s.col, s.scaled, s.u)
		if !divide(s.v, p.b, s.col) {
			return false
		}
		combine(s.row, s.transposed, s.v)
		if off := rowError(s.u, s.row, p.a); off <= o.Tolerance || r.Iterations == o.Iterations {
			r.Converged = off <= o.Tolerance
			break
		}
	}
	bad := float32(0)
	for i, u := range s.u {
		plan := p.plan[i*p.columns : (i+1)*p.columns]
		for j, k := range s.scaled[i*p.columns : (i+1)*p.columns] {
			plan[j] = float32(u * k * s.v[j]) // rounded: arm64 would fuse the product with the difference below
			bad += plan[j] - plan[j]          // 0, or NaN for ever
		}
	}
	return bad == 0
}

// combine writes sum over k of weights[k] * rows[k] to dst; rows is (len(weights), len(dst)).
func combine(dst, rows, weights []float32) {
	clear(dst)
	for k, w := range weights {
		kernel.Axpy(w, rows[k*len(dst):(k+1)*len(dst)], dst)
	}
}

// divide writes masses / sums to dst, and returns false where that leaves what float32 holds at full precision.
func divide(dst, masses, sums []float32) bool {
	ok := true
	for i, m := range masses {
		if dst[i] = 0; m > 0 {
			dst[i] = m / sums[i]
			ok = ok && dst[i] > 1e-37 && dst[i] < 1e38
		}
	}
	return ok
}

// rowError is the L1 distance of the plan's row sums u * sums from the masses. After a column scaling the column sums
// are exact, so that this is the whole marginal error.
func rowError(u, sums, masses []float32) float32 {
	off := float32(0)
	for i, m := range masses {
		off += max(u[i]*sums[i]-m, m-u[i]*sums[i])
	}
	return off
}
