package ot

import "math"

// Exact solves a batch of problems without entropy, in float64: no plan with the marginals a and b has a lower <P, C>.
// Arguments and errors are those of Sinkhorn, but that of the options only the share counts; the reports count the paths
// that mass was sent on.
//
// It sends mass along shortest paths (Jonker and Volgenant, Computing 38, 1987, for masses in place of assignments),
// from potentials that a few iterations of Sinkhorn have brought near their values.
func Exact(costs []float32, shapes []Shape, a, b []float32, o Options, plans []float32) ([]Report, error) {
	return eachProblem(costs, shapes, a, b, o, plans, (*solver).exact)
}

// exact finds the potentials of a plan that is a little blurred, and then the plan.
func (s *solver) exact(p problem, _ Options) (Report, error) {
	if err := s.start(p); err != nil {
		return Report{}, err
	}
	const blur, iterations, tolerance = 400, 100, 0.02
	if epsilon := s.spread / blur; epsilon > 0 {
		var r Report
		if s.iterate(p, Options{Epsilon: epsilon, Iterations: iterations, Tolerance: tolerance}, &r) {
			s.absorb(epsilon)
		}
	}
	r := Report{Solver: ShortestPaths, Converged: true}
	r.Iterations = s.paths.solve(p, s.f)
	r.Bound = float32(s.paths.bound(p))
	p.measure(&r)
	return r, nil
}

// A paths holds the scratch of exact solutions. Columns and rows are those of the problem; potentials are such that no
// reduced cost, costs[i][j] - f[i] - g[j], is negative, and 0 where mass flows.
type paths struct {
	costs          []float64 // (rows, columns)
	flow           []float64 // (columns, rows)
	f, supply      []float64 // (rows): potentials, and masses still to send
	g, demand      []float64 // (columns)
	distance       []float64 // (columns): from the row where the search began, in reduced costs
	from           []int     // (columns): the row before on the shortest path
	via            []int     // (rows): the column before, or one of those below
	open, finished []int     // columns, by whether their distance may still fall
	reached        []int     // rows
}

const unreached, root = -1, -2

// solve writes the plan and returns how many paths it took. f are potentials to begin with.
func (x *paths) solve(p problem, f []float32) (sent int) {
	x.reset(p, f)
	least := 0.0
	for _, m := range x.supply {
		least += m
	}
	least *= 1e-13 // a smaller mass is what rounding left
	x.sendTight(p, least)
	for i := range x.supply {
		for x.supply[i] > least {
			end := x.search(p, i, least)
			if end < 0 {
				break // the sides differ by so little
			}
			x.send(p, i, end)
			sent++
		}
	}
	for j := range p.columns {
		for i := range p.rows {
			p.plan[i*p.columns+j] = float32(x.flow[j*p.rows+i])
		}
	}
	return sent
}

func (x *paths) reset(p problem, f []float32) {
	m, n := p.rows, p.columns
	memory := x.costs[:0]
	if cap(memory) < 2*m*n+2*m+3*n {
		memory = make([]float64, 0, 2*m*n+2*m+3*n)
	}
	take := func(n int) []float64 {
		start := len(memory)
		memory = memory[:start+n]
		return memory[start:]
	}
	x.costs, x.flow = take(m*n), take(m*n)
	x.f, x.supply, x.g, x.demand, x.distance = take(m), take(m), take(n), take(n), take(n)
	x.costs = memory[:m*n]
	if cap(x.from) < n {
		x.from, x.open, x.finished = make([]int, n), make([]int, n), make([]int, n)
	}
	if cap(x.via) < m {
		x.via, x.reached = make([]int, m), make([]int, m)
	}
	x.from, x.via = x.from[:n], x.via[:m]
	for i, c := range p.costs {
		x.costs[i] = float64(c)
	}
	clear(x.flow)
	widen(x.f, f)
	widen(x.supply, p.a)
	widen(x.demand, p.b)
}

func widen(dst []float64, x []float32) {
	for i, v := range x {
		dst[i] = float64(v)
	}
}

// sendTight raises the potentials until every row and column has a reduced cost of 0, and sends there what it can.
func (x *paths) sendTight(p problem, least float64) {
	m, n := p.rows, p.columns
	for j := range n {
		x.g[j], x.from[j] = math.Inf(1), 0
	}
	for i, f := range x.f {
		for j, c := range x.costs[i*n : (i+1)*n] {
			if c-f < x.g[j] {
				x.g[j], x.from[j] = c-f, i
			}
		}
	}
	for i := range x.f {
		best, cheapest := math.Inf(1), 0
		for j, c := range x.costs[i*n : (i+1)*n] {
			if c-x.g[j] < best {
				best, cheapest = c-x.g[j], j
			}
		}
		x.f[i] = best
		x.push(i, cheapest, m)
	}
	for j, i := range x.from {
		x.push(i, j, m)
	}
}

// push sends all that row i has and column j wants.
func (x *paths) push(i, j, rows int) {
	mass := min(x.supply[i], x.demand[j])
	x.supply[i] -= mass
	x.demand[j] -= mass
	x.flow[j*rows+i] += mass
}

// search finds the column nearest to row start that wants mass (Dijkstra's algorithm), and moves the potentials by what
// the distances tell. It returns -1 if no column wants any.
func (x *paths) search(p problem, start int, least float64) (end int) {
	n := p.columns
	x.open, x.finished, x.reached = x.open[:0], x.finished[:0], x.reached[:0]
	for j := range n {
		x.open = append(x.open, j)
		x.distance[j] = math.Inf(1)
	}
	for i := range x.via {
		x.via[i] = unreached
	}
	nearest := x.relax(p, start, root, 0)
	for {
		if nearest < 0 {
			return -1
		}
		j := x.open[nearest]
		x.open[nearest] = x.open[len(x.open)-1]
		x.open = x.open[:len(x.open)-1]
		if x.demand[j] > least {
			x.raise(x.distance[j])
			return j
		}
		x.finished = append(x.finished, j)
		nearest = -2
		via := x.via
		for i, mass := range x.flow[j*p.rows : (j+1)*p.rows] {
			if mass > 0 && via[i] == unreached {
				nearest = x.relax(p, i, j, x.distance[j])
			}
		}
		if nearest == -2 { // no row was reached
			nearest = x.nearest()
		}
	}
}

// relax reaches row i over a column at some distance, and returns where the nearest open column stands in open.
func (x *paths) relax(p problem, i, via int, distance float64) (nearest int) {
	x.via[i] = via
	x.reached = append(x.reached, i)
	nearest, closest := -1, math.Inf(1)
	base := distance - x.f[i]
	n := p.columns
	row, g, distances, from := x.costs[i*n:(i+1)*n], x.g[:n], x.distance[:n], x.from[:n]
	for k, j := range x.open {
		d := base + row[j] - g[j]
		if d < distance { // no reduced cost is negative but by rounding
			d = distance
		}
		if d < distances[j] {
			distances[j], from[j] = d, i
		} else {
			d = distances[j]
		}
		if d < closest {
			closest, nearest = d, k
		}
	}
	return nearest
}

func (x *paths) nearest() int {
	nearest, closest := -1, math.Inf(1)
	for k, j := range x.open {
		if x.distance[j] < closest {
			closest, nearest = x.distance[j], k
		}
	}
	return nearest
}

// raise moves the potentials so that every reduced cost on the shortest path, to a column at this distance, becomes 0.
func (x *paths) raise(distance float64) {
	for _, i := range x.reached {
		if via := x.via[i]; via == root {
			x.f[i] += distance
		} else {
			x.f[i] += distance - x.distance[via]
		}
	}
	for _, j := range x.finished {
		x.g[j] -= distance - x.distance[j]
	}
}

// send moves as much mass from a row to a column as the path between them lets through.
func (x *paths) send(p problem, start, end int) {
	mass := min(x.supply[start], x.demand[end])
	for j := end; x.via[x.from[j]] != root; j = x.via[x.from[j]] {
		i := x.from[j]
		mass = min(mass, x.flow[x.via[i]*p.rows+i])
	}
	for j := end; ; {
		i := x.from[j]
		x.flow[j*p.rows+i] += mass
		if j = x.via[i]; j == root {
			break
		}
		x.flow[j*p.rows+i] -= mass
	}
	x.supply[start] -= mass
	x.demand[end] -= mass
}

// bound is the value of the dual problem.
func (x *paths) bound(p problem) (sum float64) {
	for i, a := range p.a {
		if a > 0 {
			sum += float64(a) * x.f[i]
		}
	}
	for j, b := range p.b {
		if b > 0 {
			sum += float64(b) * x.g[j]
		}
	}
	return sum
}
