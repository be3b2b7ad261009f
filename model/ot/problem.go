package ot

import (
	"errors"
	"fmt"
	"math"

	"github.com/ferry-clir/ferry/model/kernel"
)

// A Shape is the size of one problem: the number of rows (teacher tokens) and of columns (student tokens).
type Shape struct{ Rows, Columns int }

// Options say how Sinkhorn iterates. DefaultOptions has usable values.
type Options struct {
	Epsilon    float32 // weight of the entropy, in the unit of the costs; above 0
	Iterations int     // at most so many iterations a problem; at least 1
	Tolerance  float32 // a problem stops once its L1 marginal error is at most this; 0 never stops early
}

// DefaultOptions are meant for the cosine cost between centred token vectors.
func DefaultOptions() Options { return Options{Epsilon: 0.02, Iterations: 100, Tolerance: 1e-3} }

// A Solver is what finished a problem.
type Solver uint8

const (
	KernelDomain Solver = iota // scalings of exp(-C/epsilon)
	Absorption                 // the same, potentials having absorbed scalings that grew too large
	LogDomain                  // logarithms, slower by far, which never underflow
	Paths                      // shortest paths, without entropy
)

// String names the solver.
func (s Solver) String() string { return [...]string{"kernel", "absorption", "log", "exact"}[s] }

// A Report certifies the solution of one problem.
type Report struct {
	Solver        Solver
	Iterations    int     // iterations done, each one row and one column scaling
	MarginalError float32 // sum over rows of |row sum - a| plus sum over columns of |column sum - b|
	Value         float32 // <P, C>, without the entropy
	Bound         float32 // no plan with the marginals a and b has a lower <P, C>, by duality
	Converged     bool    // whether the tolerance was met within the iterations
}

// Gap is how far the value is above that of the best plan without entropy, at most; negative only where the marginals
// are off.
func (r Report) Gap() float32 { return r.Value - r.Bound }

// A problem is one transport problem of a batch. Its slices are windows of the caller's.
type problem struct {
	rows, columns int
	costs, plan   []float32 // (rows, columns)
	a, b          []float32 // (rows), (columns); never nil
}

// eachProblem calls solve for every problem of a batch, in order, after checking its numbers.
func eachProblem(costs []float32, shapes []Shape, a, b []float32, plans []float32, solve func(k int, p problem) error) error {
	cells, rows, columns := totals(shapes)
	if len(costs) != cells || len(plans) != cells || a != nil && len(a) != rows || b != nil && len(b) != columns {
		panic("ot: costs, plans or marginals do not fit the shapes")
	}
	var uniformA, uniformB []float32
	cell, row, column := 0, 0, 0
	for k, s := range shapes {
		if s.Rows < 1 || s.Columns < 1 {
			return fmt.Errorf("solving transport problem %d: it is %d x %d, without tokens on one side", k, s.Rows, s.Columns)
		}
		p := problem{rows: s.Rows, columns: s.Columns, costs: costs[cell : cell+s.Rows*s.Columns], plan: plans[cell : cell+s.Rows*s.Columns]}
		if p.a = uniform(&uniformA, s.Rows); a != nil {
			p.a = a[row : row+s.Rows]
		}
		if p.b = uniform(&uniformB, s.Columns); b != nil {
			p.b = b[column : column+s.Columns]
		}
		err := p.checkMasses()
		if err == nil {
			err = solve(k, p)
		}
		if err != nil {
			return fmt.Errorf("solving transport problem %d (%d x %d): %w", k, s.Rows, s.Columns, err)
		}
		cell, row, column = cell+s.Rows*s.Columns, row+s.Rows, column+s.Columns
	}
	return nil
}

func totals(shapes []Shape) (cells, rows, columns int) {
	for _, s := range shapes {
		cells, rows, columns = cells+s.Rows*s.Columns, rows+s.Rows, columns+s.Columns
	}
	return cells, rows, columns
}

// uniform returns n masses of 1/n, in a buffer that the next call may overwrite.
func uniform(buffer *[]float32, n int) []float32 {
	if cap(*buffer) < n {
		*buffer = make([]float32, n)
	}
	masses := (*buffer)[:n]
	for i := range masses {
		masses[i] = 1 / float32(n)
	}
	return masses
}

// checkCosts names the first cost that is not finite.
func (p problem) checkCosts() error {
	for i, c := range p.costs {
		if c-c != 0 {
			return fmt.Errorf("cost [%d][%d] is %v", i/p.columns, i%p.columns, c)
		}
	}
	return nil
}

func (p problem) checkMasses() error {
	a, err := mass("row", p.a)
	if err != nil {
		return err
	}
	b, err := mass("column", p.b)
	if err != nil {
		return err
	}
	if math.Abs(a-b) > 1e-4*a {
		return fmt.Errorf("the row masses sum to %g, the column masses to %g", a, b)
	}
	return nil
}

func mass(side string, masses []float32) (float64, error) {
	sum := 0.0
	for i, x := range masses {
		if !(x >= 0 && x-x == 0) {
			return 0, fmt.Errorf("the mass of %s %d is %v", side, i, x)
		}
		sum += float64(x)
	}
	if sum == 0 {
		return 0, errors.New("every " + side + " mass is 0")
	}
	return sum, nil
}

// measure fills in what the finished plan tells: value and marginal error, summed in float64.
func (p problem) measure(r *Report) {
	columns := make([]float64, p.columns)
	value, off := 0.0, 0.0
	for i, a := range p.a {
		sum := 0.0
		for j, x := range p.plan[i*p.columns : (i+1)*p.columns] {
			sum += float64(x)
			columns[j] += float64(x)
			value += float64(x) * float64(p.costs[i*p.columns+j])
		}
		off += math.Abs(sum - float64(a))
	}
	for j, b := range p.b {
		off += math.Abs(columns[j] - float64(b))
	}
	r.Value, r.MarginalError = float32(value), float32(off)
}

// bound returns the value of the dual problem at f, and the best g beside it, which it overwrites: every feasible dual
// value is below every feasible primal one (Peyre and Cuturi, arXiv 1803.00567, section 2.5).
func (p problem) bound(f, g []float32) float32 {
	free(f, p.a)
	kernel.ColumnMinima(g, p.costs, f)
	sum := 0.0
	for i, a := range p.a {
		if a > 0 {
			sum += float64(a) * float64(f[i])
		}
	}
	for j, b := range p.b {
		if b > 0 {
			sum += float64(b) * float64(g[j])
		}
	}
	return float32(sum)
}
