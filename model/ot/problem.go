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
	Relative   bool    // Epsilon is in standard deviations of a problem's costs instead
	Iterations int     // at most so many iterations a problem; at least 1
	Tolerance  float32 // a problem stops once its L1 marginal error is at most this; 0 never stops early
	Reach      float32 // cost of marginals that differ from a and b, see Sinkhorn; 0 for equal ones
	Share      float32 // of the smaller side's mass, the part that is moved, above 0; 0 and 1 for all
}

// DefaultOptions are meant for the cosine cost between centred token vectors.
func DefaultOptions() Options { return Options{Epsilon: 0.02, Iterations: 100, Tolerance: 1e-3} }

func (o Options) check() error {
	switch {
	case !(o.Epsilon > 0 && o.Epsilon-o.Epsilon == 0):
		return fmt.Errorf("solving transport problems: epsilon is %v, and must be above 0", o.Epsilon)
	case o.Iterations < 1:
		return errors.New("solving transport problems: iterations must be at least 1")
	case !(o.Reach >= 0 && o.Reach-o.Reach == 0):
		return fmt.Errorf("solving transport problems: reach is %v, and must be at least 0", o.Reach)
	case !(o.Share >= 0 && o.Share <= 1):
		return fmt.Errorf("solving transport problems: share is %v, and must be from 0 to 1", o.Share)
	case o.Reach > 0 && o.partly():
		return errors.New("solving transport problems: reach and share exclude each other")
	}
	return nil
}

// of returns the options with epsilon in the unit of the problem's costs. Costs that are all the same leave it as it is.
func (o Options) of(p problem) Options {
	if !o.Relative {
		return o
	}
	mean, square := 0.0, 0.0
	for i, c := range p.costs {
		d := float64(c) - mean
		mean += d / float64(i+1)
		square += d * (float64(c) - mean)
	}
	if d := float32(math.Sqrt(square/float64(len(p.costs)))) * o.Epsilon; d > 0 && d-d == 0 {
		o.Epsilon = d
	}
	return o
}

// partly tells whether only a part of the mass is moved.
func (o Options) partly() bool { return o.Share > 0 && o.Share < 1 }

// A Solver is what finished a problem.
type Solver uint8

const (
	KernelDomain  Solver = iota // scalings of exp(-C/epsilon)
	Absorption                  // the same, potentials having absorbed scalings that grew too large
	LogDomain                   // logarithms, slower by far, which never underflow
	ProximalPoint               // IPOT
	ShortestPaths               // without entropy
	Nearest                     // greedy, without column masses
)

// String names the solver.
func (s Solver) String() string {
	return [...]string{"kernel", "absorption", "log", "ipot", "exact", "greedy"}[s]
}

// A Report certifies the solution of one problem.
type Report struct {
	Solver        Solver
	Iterations    int     // iterations done, each one row and one column scaling
	MarginalError float32 // sum over rows of |row sum - a| plus sum over columns of |column sum - b|
	Value         float32 // <P, C>, without the entropy
	Bound         float32 // no plan with these marginals, or that moves the share, has a lower <P, C>; 0 with a reach
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

// eachProblem solves every problem of a batch, in order, after checking its masses.
func eachProblem(costs []float32, shapes []Shape, a, b []float32, o Options, plans []float32, solve func(s *solver, p problem, o Options) (Report, error)) ([]Report, error) {
	cells, rows, columns := totals(shapes)
	if len(costs) != cells || len(plans) != cells || a != nil && len(a) != rows || b != nil && len(b) != columns {
		panic("ot: costs, plans or marginals do not fit the shapes")
	}
	s := scratch.Get().(*solver)
	defer scratch.Put(s)
	var uniformA, uniformB []float32
	reports := make([]Report, len(shapes))
	for k, shape := range shapes {
		if shape.Rows < 1 || shape.Columns < 1 {
			return nil, fmt.Errorf("solving transport problem %d: it is %d x %d, without tokens on one side", k, shape.Rows, shape.Columns)
		}
		p := problem{rows: shape.Rows, columns: shape.Columns}
		next := func(x *[]float32, n int) []float32 {
			head := (*x)[:n]
			*x = (*x)[n:]
			return head
		}
		p.costs, p.plan = next(&costs, p.rows*p.columns), next(&plans, p.rows*p.columns)
		if p.a = uniform(&uniformA, p.rows); a != nil {
			p.a = next(&a, p.rows)
		}
		if p.b = uniform(&uniformB, p.columns); b != nil {
			p.b = next(&b, p.columns)
		}
		err := p.checkMasses(o)
		if err == nil {
			reports[k], err = s.whole(p, o.of(p), solve)
		}
		if err != nil {
			return nil, fmt.Errorf("solving transport problem %d (%d x %d): %w", k, p.rows, p.columns, err)
		}
	}
	return reports, nil
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

func (p problem) checkMasses(o Options) error {
	a, err := mass("row", p.a)
	if err != nil {
		return err
	}
	b, err := mass("column", p.b)
	if err != nil {
		return err
	}
	if math.Abs(a-b) > 1e-4*a && o.Reach == 0 && !o.partly() {
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
