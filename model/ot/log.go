package ot

import (
	"math"

	"github.com/ferry-clir/ferry/model/kernel"
)

// nothing stands for the logarithm of a mass of 0: finite, so that sums with it are never NaN, and low enough that its
// exponential is 0 beside any other.
const nothing = -1e30

// iterateLog does what iterate does, on logarithms: u and v hold log u and log v, and sums become log-sum-exp. It walks
// the same path and always ends, at about ten times the cost of the kernel domain.
func (s *solver) iterateLog(p problem, o Options, r *Report) {
	r.LogDomain = true
	s.transpose(p)
	clear(s.v)
	s.logSumExp(s.row, s.scaled, s.v)
	for r.Iterations = 1; ; r.Iterations++ {
		divideLog(s.u, p.a, s.row)
		s.logSumExp(s.col, s.transposed, s.u)
		divideLog(s.v, p.b, s.col)
		s.logSumExp(s.row, s.scaled, s.v)
		if off := s.rowErrorLog(p.a); off <= o.Tolerance || r.Iterations == o.Iterations {
			r.Converged = off <= o.Tolerance
			break
		}
	}
	// Column j of the plan is b[j] times a softmax, which cannot overflow whatever the potentials lost to rounding.
	for j, b := range p.b {
		column := s.scratch[:p.rows]
		copy(column, s.transposed[j*p.rows:(j+1)*p.rows])
		kernel.Add(column, s.u)
		kernel.Softmax(column)
		for i, x := range column {
			p.plan[i*p.columns+j] = b * x
		}
	}
}

// logSumExp writes log(sum over j of exp(rows[i][j] + logs[j])) to dst[i]; rows is (len(dst), len(logs)).
func (s *solver) logSumExp(dst, rows, logs []float32) {
	x := s.scratch[:len(logs)]
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

// rowErrorLog is rowError on logarithms.
func (s *solver) rowErrorLog(masses []float32) float32 {
	sums := s.scratch[:len(masses)]
	copy(sums, s.u)
	kernel.Add(sums, s.row)
	kernel.Exp(sums, sums)
	off := float32(0)
	for i, m := range masses {
		off += max(sums[i]-m, m-sums[i])
	}
	return off
}
