package kernel

import "math"

// scalingRows is what the rows of a kernel matrix are padded to multiples of, and wholeBlock the masses of its rows.
const scalingRows, wholeBlock = 8, 16

// A Scaling holds one transport problem in scaling form: a kernel matrix K of (Rows, Columns), masses A and B, and
// scalings U and V that make diag(U) K diag(V) the plan (Cuturi, arXiv 1306.0895). Resize makes it fit a problem; its
// slices are then read and written freely, but for what lies behind their ends, which is padding of zeros.
type Scaling struct {
	Rows, Columns int
	A, U          []float32 // (Rows)
	B, V          []float32 // (Columns)
	padded, ld    int       // rows and columns of k
	k             []float32 // (padded, ld)
	sums          []float32 // (ld): K'U, then the column sums of a plan
	memory        []float32
}

// Progress tells of the last iteration of several.
type Progress struct {
	RowError    float32 // sum over rows of |row sum - A|, before the rows were scaled
	ColumnError float32 // sum over columns of |column sum - B|, before the columns were scaled
	Low, High   float32 // the extremes of U and V where there is mass
}

// Resize makes room for a problem of rows by columns, both at least 1. All slices hold zeros then.
func (s *Scaling) Resize(rows, columns int) {
	round := func(n, to int) int { return (n + to - 1) / to * to }
	s.Rows, s.Columns = rows, columns
	s.padded, s.ld = round(rows, scalingRows), round(columns, max(scalingRows, active.lanes))
	masses := round(rows, wholeBlock)
	n := s.padded*s.ld + 2*masses + 3*s.ld
	if cap(s.memory) < n {
		s.memory = make([]float32, n)
	}
	rest := s.memory[:n]
	take := func(n, visible int) []float32 {
		x := rest[:visible:n]
		rest = rest[n:]
		return x
	}
	s.k = take(s.padded*s.ld, s.padded*s.ld)
	clear(rest)
	s.A, s.U = take(masses, rows), take(masses, rows)
	s.B, s.V, s.sums = take(s.ld, columns), take(s.ld, columns), take(s.ld, columns)
}

// SetKernel writes exp((f[i] + g[j] - costs[i][j]) * inverse) to K, zero where that is below e^-86, and sets U and V to 1
// where there is mass. costs is (Rows, Columns), f (Rows), g (Columns), inverse above 0; no exponent may be above 88.
func (s *Scaling) SetKernel(costs, f, g []float32, inverse float32) {
	s.check(costs)
	checkLength(len(f), s.Rows)
	checkLength(len(g), s.Columns)
	active.gibbs(s.k, s.ld, costs, s.Columns, inverse, f, g)
	clear(s.k[s.Rows*s.ld:])
	one(s.U, s.A)
	one(s.V, s.B)
}

func one(scalings, masses []float32) {
	for i, m := range masses {
		if scalings[i] = 0; m > 0 {
			scalings[i] = 1
		}
	}
}

// Iterate does n iterations, at least 1, each of which multiplies U by (A / row sums)^w and then V by (B / column
// sums)^w, where w is 1 + relax/8 and relax is 0 to 7: above 0 that is over-relaxation (Thibault et al., arXiv
// 1711.01851). Where there is no mass scalings are 0. What float32 does not hold leaves errors that are NaN or infinite.
func (s *Scaling) Iterate(n, relax int) Progress {
	if n < 1 || relax < 0 || relax > 7 {
		panic("kernel: iterations or relaxation out of range")
	}
	var p [4]float32
	active.sinkhorn(n, relax, s.padded, s.ld, s.k, s.A[:cap(s.A)], s.B[:cap(s.B)], s.U[:cap(s.U)], s.V[:cap(s.V)], s.sums[:cap(s.sums)], p[:])
	return Progress{p[0], p[1], p[2], p[3]}
}

// Plan writes diag(U) K diag(V) to plan and returns its value, the sum of plan * costs, and its marginal error, the sum
// of |row sum - A| and |column sum - B|. plan and costs are (Rows, Columns).
func (s *Scaling) Plan(plan, costs []float32) (value, marginalError float32) {
	s.check(costs)
	s.check(plan)
	clear(s.sums)
	value, marginalError = active.plan(plan, costs, s.Columns, s.ld, s.k, s.A, s.U, s.V, s.sums)
	for j, b := range s.B {
		marginalError += max(s.sums[j]-b, b-s.sums[j])
	}
	return value, marginalError
}

func (s *Scaling) check(x []float32) {
	if len(x) != s.Rows*s.Columns {
		panic("kernel: matrix does not have the problem's shape")
	}
}

// RowMinima writes the least of costs[i][j] - g[j] to dst[i] and returns the largest of costs, of (len(dst), len(g)), at
// least one each; false if a cost is not finite: dst then holds anything.
func RowMinima(dst, costs, g []float32) (largest float32, finite bool) {
	checkLength(len(costs), len(dst)*len(g))
	largest, odd := active.rowMinima(dst, costs, g)
	return largest, odd == 0
}

// ColumnMinima writes the least of costs[i][j] - f[i] to dst[j]. costs is (len(f), len(dst)), at least one each, and finite.
func ColumnMinima(dst, costs, f []float32) {
	checkLength(len(costs), len(dst)*len(f))
	for j := range dst {
		dst[j] = float32(math.Inf(1))
	}
	active.columnMinima(dst, costs, f)
}
