package ot

// Greedy sends the whole mass of every row to its cheapest column, the first of equals: the ablation of transport, which
// keeps the row masses and ignores the column masses. Arguments, errors and reports are those of Sinkhorn; the reports
// count no iterations, and their marginal error is how far the column sums are from uniform.
func Greedy(costs []float32, shapes []Shape, a []float32, plans []float32) ([]Report, error) {
	return eachProblem(costs, shapes, a, nil, Options{}, plans, (*solver).greedy)
}

func (s *solver) greedy(p problem, _ Options) (r Report, err error) {
	if err := p.checkCosts(); err != nil {
		return r, err
	}
	clear(p.plan)
	for i, mass := range p.a {
		best := 0
		for j, c := range p.costs[i*p.columns : (i+1)*p.columns] {
			if c < p.costs[i*p.columns+best] {
				best = j
			}
		}
		p.plan[i*p.columns+best] = mass
		r.Bound += mass * p.costs[i*p.columns+best]
	}
	r.Solver, r.Converged = Nearest, true
	p.measure(&r)
	return r, nil
}
