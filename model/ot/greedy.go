package ot

// Greedy sends the whole mass of every row to its cheapest column, the first of equals: the ablation of transport, which
// keeps the row masses and ignores the column masses. Arguments, errors and reports are those of Sinkhorn; the reports
// count no iterations, and their marginal error is how far the column sums are from uniform.
func Greedy(costs []float32, shapes []Shape, a []float32, plans []float32) ([]Report, error) {
	reports := make([]Report, len(shapes))
	err := eachProblem(costs, shapes, a, nil, plans, func(k int, p problem) error {
		if err := p.checkCosts(); err != nil {
			return err
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
		}
		reports[k].Converged = true
		p.measure(&reports[k])
		return nil
	})
	if err != nil {
		return nil, err
	}
	return reports, nil
}
