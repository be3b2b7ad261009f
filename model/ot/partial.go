package ot

import "slices"

// A partial holds the scratch of problems that move a part of the mass.
type partial struct{ costs, plan, a, b []float32 }

// whole solves a problem, or one that moves a part of the mass as one that moves all: what stays goes to and comes from
// a row and a column more, at no cost (Chapel et al., arXiv 2002.08276, proposition 1).
func (s *solver) whole(p problem, o Options, solve func(s *solver, p problem, o Options) (Report, error)) (Report, error) {
	if !o.partly() {
		return solve(s, p, o)
	}
	if err := p.checkCosts(); err != nil {
		return Report{}, err
	}
	sumA, _ := mass("row", p.a) // which were checked
	sumB, _ := mass("column", p.b)
	moved := float64(o.Share) * min(sumA, sumB)
	least, most := slices.Min(p.costs), slices.Max(p.costs)
	x := &s.partial
	q := problem{rows: p.rows + 1, columns: p.columns + 1}
	cells := q.rows * q.columns
	x.costs, x.plan = resized(x.costs, cells), resized(x.plan, cells)
	x.a, x.b = resized(x.a, q.rows), resized(x.b, q.columns)
	q.costs, q.plan, q.a, q.b = x.costs, x.plan, x.a, x.b
	clear(q.costs)
	for i := range p.rows {
		for j, c := range p.costs[i*p.columns : (i+1)*p.columns] {
			q.costs[i*q.columns+j] = c - least
		}
	}
	q.costs[cells-1] = 2 * (most - least) // more than any detour
	copy(q.a, p.a)
	copy(q.b, p.b)
	q.a[p.rows], q.b[p.columns] = float32(sumB-moved), float32(sumA-moved)
	r, err := solve(s, q, o)
	if err != nil {
		return r, err
	}
	value := 0.0
	for i := range p.rows {
		row := q.plan[i*q.columns : i*q.columns+p.columns]
		copy(p.plan[i*p.columns:], row)
		for j, mass := range row {
			value += float64(mass) * float64(p.costs[i*p.columns+j])
		}
	}
	r.Value, r.Bound = float32(value), r.Bound+float32(moved)*least
	return r, nil
}
