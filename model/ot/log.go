package ot

import (
	"math"

	"github.com/ferry-clir/ferry/model/kernel"
)

// nothing stands for the logarithm of a mass of 0: finite, so that sums with it are never NaN, and low enough that its
// exponential is 0 beside any other.
const nothing = -1e30

// A logScratch is what iterations on logarithms work on.
type logScratch struct {
	scaled     []float32 // (rows, columns): -(C - row minimum)/epsilon
	transposed []float32 // (columns, rows): the same, transposed
	u, v       []float32 // (rows), (columns): logarithms of the scalings
	row        []float32 // (rows): sums before scaling
	col        []float32 // (columns): the same
	scratch    []float32 // (max(rows, columns))
}

// iterateLog does what iterate does, on logarithms, plainly, at about ten times the cost, and writes the plan. It always
// ends. The potentials hold what it found.
func (s *solver) iterateLog(p problem, o Options, r *Report) {
	clear(s.g)
	kernel.RowMinima(s.f, p.costs, s.g)
	l := &s.log
	l.resize(p, s.f, o.Epsilon)
	l.logSumExp(l.row, l.scaled, l.v)
	for r.Iterations = 1; ; r.Iterations++ {
		divideLog(l.u, p.a, l.row)
		l.logSumExp(l.col, l.transposed, l.u)
		divideLog(l.v, p.b, l.col)
		l.logSumExp(l.row, l.scaled, l.v)
		if l.rowError(p.a) <= o.Tolerance || r.Iterations == o.Iterations {
			break
		}
	}
	l.plan(p)
	for i, x := range l.u {
		if x != nothing {
			s.f[i] += max(-math.MaxFloat32/4, min(math.MaxFloat32/4, o.Epsilon*x))
		}
	}
}

// resize sets everything but u and the sums. The floor keeps an epsilon that is minute beside the costs from reaching
// infinity.
func (l *logScratch) resize(p problem, least []float32, epsilon float32) {
	l.scaled, l.transposed = resized(l.scaled, len(p.costs)), resized(l.transposed, len(p.costs))
	l.u, l.row = resized(l.u, p.rows), resized(l.row, p.rows)
	l.v, l.col = resized(l.v, p.columns), resized(l.col, p.columns)
	l.scratch = resized(l.scratch, max(p.rows, p.columns))
	clear(l.v)
	inverse := 1 / float64(epsilon)
	for i, c := range p.costs {
		x := float32(max(-(float64(c)-float64(least[i/p.columns]))*inverse, -1e20))
		l.scaled[i] = x
		l.transposed[i%p.columns*p.rows+i/p.columns] = x
	}
}

// plan writes the plan: column j is b[j] times a softmax, which cannot overflow whatever the potentials lost to rounding.
func (l *logScratch) plan(p problem) {
	for j, b := range p.b {
		column := l.scratch[:p.rows]
		copy(column, l.transposed[j*p.rows:(j+1)*p.rows])
		kernel.Add(column, l.u)
		kernel.Softmax(column)
		for i, x := range column {
			p.plan[i*p.columns+j] = b * x
		}
	}
}

// logSumExp writes log(sum over j of exp(rows[i][j] + logs[j])) to dst[i]; rows is (len(dst), len(logs)).
func (l *logScratch) logSumExp(dst, rows, logs []float32) {
	x := l.scratch[:len(logs)]
	for i := range dst {
		copy(x, rows[i*len(logs):(i+1)*len(logs)])
		kernel.Add(x, logs)
		top := x[0]
		for _, y := range x {
			top = max(top, y)
		}
		for j := range x {
			x[j] -= top
		}
		kernel.Exp(x, x)
		sum := float32(0)
		for _, y := range x {
			sum += y
		}
		dst[i] = top + float32(math.Log(float64(sum)))
	}
}

// divideLog writes log(masses) - logSums to dst.
func divideLog(dst, masses, logSums []float32) {
	for i, m := range masses {
		if dst[i] = nothing; m > 0 {
			dst[i] = float32(math.Log(float64(m))) - logSums[i]
		}
	}
}

// rowError is the L1 distance of the plan's row sums from the masses.
func (l *logScratch) rowError(masses []float32) float32 {
	sums := l.scratch[:len(masses)]
	copy(sums, l.u)
	kernel.Add(sums, l.row)
	kernel.Exp(sums, sums)
	off := float32(0)
	for i, m := range masses {
		off += max(sums[i]-m, m-sums[i])
	}
	return off
}
