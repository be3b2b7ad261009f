package ot

import "math"

// unbalanced solves a problem whose marginals need not be a and b. Its marginal error says how far they are; it has
// converged once iterations no longer change the row sums.
func (s *solver) unbalanced(p problem, o Options) Report {
	clear(s.f)
	r := Report{Solver: LogDomain}
	var off float32
	r.Iterations, off = s.log.iterate(p, s.f, o)
	for i, u := range s.log.u {
		for j, v := range s.log.v {
			// What float32 does not hold is as much as it does: costs far below 0 call for mass without end.
			p.plan[i*p.columns+j] = float32(min(math.MaxFloat32, math.Exp(float64(u)+float64(v)+float64(s.log.scaled[i*p.columns+j]))))
		}
	}
	p.measure(&r)
	r.Converged = off <= o.Tolerance
	return r
}
