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
	next       []float32 // (rows): what u would be after another iteration
	scratch    []float32 // (max(rows, columns))
}

// solveLog does what iterate does, on logarithms, plainly, at about ten times the cost. It always ends.
func (s *solver) solveLog(p problem, o Options) Report {
	clear(s.g)
	kernel.RowMinima(s.f, p.costs, s.g)
	r := Report{Solver: LogDomain}
	r.Iterations, _ = s.log.iterate(p, s.f, o)
	s.log.plan(p)
	for i, x := range s.log.u {
		if x != nothing {
			s.f[i] += max(-math.MaxFloat32/4, min(math.MaxFloat32/4, o.Epsilon*x))
		}
	}
	p.measure(&r)
	return r
}

// iterate returns how many iterations it did, and how much the last one changed the row sums. least are the minima of
// rows, taken off the costs first, or zeros.
func (l *logScratch) iterate(p problem, least []float32, o Options) (n int, off float32) {
	l.resize(p, least, o.Epsilon)
	power := float32(1)
	if o.Reach > 0 {
		power = o.Reach / (o.Reach + o.Epsilon)
	}
	l.logSumExp(l.row, l.scaled, l.v)
	for n = 1; ; n++ {
		divideLog(l.u, p.a, l.row, power)
		l.logSumExp(l.col, l.transposed, l.u)
		divideLog(l.v, p.b, l.col, power)
		l.logSumExp(l.row, l.scaled, l.v)
		if off = l.rowError(p.a, power); off <= o.Tolerance || n == o.Iterations {
			return n, off
		}
	}
}

// resize sets everything but u and the sums. The floor keeps an epsilon that is minute beside the costs from reaching
// infinity.
func (l *logScratch) resize(p problem, least []float32, epsilon float32) {
	l.scaled, l.transposed = resized(l.scaled, len(p.costs)), resized(l.transposed, len(p.costs))
	l.u, l.next, l.row = resized(l.u, p.rows), resized(l.next, p.rows), resized(l.row, p.rows)
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

// divideLog writes (log(masses) - logSums) * power to dst.
func divideLog(dst, masses, logSums []float32, power float32) {
	for i, m := range masses {
		if dst[i] = nothing; m > 0 {
			dst[i] = (float32(math.Log(float64(m))) - logSums[i]) * power
		}
	}
}

// rowError is the L1 distance of the plan's row sums from what the next iteration would make of them: from the masses if
// power is 1.
func (l *logScratch) rowError(masses []float32, power float32) float32 {
	now, next := l.scratch[:len(masses)], l.next
	divideLog(next, masses, l.row, power)
	copy(now, l.u)
	for _, sums := range [][]float32{now, next} {
		kernel.Add(sums, l.row)
		kernel.Exp(sums, sums)
	}
	off := float32(0)
	for i := range now {
		off += max(now[i]-next[i], next[i]-now[i])
	}
	return off
}
