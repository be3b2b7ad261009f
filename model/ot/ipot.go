package ot

import "slices"

// IPOT solves a batch of problems without entropy by proximal point iterations (Xie et al., arXiv 1802.04307), one
// scaling each: o.Epsilon is their beta, which weighs the distance from the plan before. Arguments and errors are those
// of Sinkhorn, without a reach; all iterations are done.
func IPOT(costs []float32, shapes []Shape, a, b []float32, o Options, plans []float32) ([]Report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return eachProblem(costs, shapes, a, b, o, plans, (*solver).proximal)
}

// proximal writes the logarithm of the plan of iteration n as (f + g - C) * n/beta.
func (s *solver) proximal(p problem, o Options) (r Report, err error) {
	if err := s.start(p); err != nil {
		return r, err
	}
	last := slices.Repeat([]float32{1}, p.columns) // what the step before did to the columns, this one is likely to do again
	for r.Iterations < o.Iterations {
		r.Iterations++
		n := float32(r.Iterations)
		s.scaling.SetKernel(p.costs, s.f, s.g, n/o.Epsilon)
		copy(s.scaling.V, last)
		s.scaling.Iterate(1, 0)
		copy(last, s.scaling.V)
		if r.Iterations < o.Iterations {
			s.absorb(o.Epsilon / n)
			shrink(s.f, n/(n+1))
			shrink(s.g, n/(n+1))
		}
	}
	r.Value, r.MarginalError = s.scaling.Plan(p.plan, p.costs)
	s.absorb(o.Epsilon / float32(o.Iterations))
	if v := r.Value + r.MarginalError; v-v != 0 { // beta is minute beside the costs: one step is the whole way
		return s.exact(p, o)
	}
	r.Solver, r.Bound, r.Converged = ProximalPoint, p.bound(s.f, s.g), r.MarginalError <= o.Tolerance
	return r, nil
}

func shrink(potentials []float32, by float32) {
	for i := range potentials {
		potentials[i] *= by
	}
}
