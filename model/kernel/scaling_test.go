package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A scalingCase is a transport problem with room to compute its solution by the definition, in float64.
type scalingCase struct {
	rows, columns int
	costs         buffer
	f, g, a, b    []float32
	inverse       float32
}

func newScalingCase(r *rand.Rand, rows, columns int) scalingCase {
	c := scalingCase{rows, columns, random(r, rows*columns, r.IntN(4)), make([]float32, rows), make([]float32, columns), make([]float32, rows), make([]float32, columns), 4}
	for i := range c.a {
		c.a[i] = r.Float32() / float32(rows)
		c.f[i] = -4 + r.Float32()
	}
	for j := range c.b {
		c.b[j] = r.Float32() / float32(columns)
	}
	if rows > 2 {
		c.a[rows/2] = 0
	}
	c.b[columns-1] = 0
	c.b[0] = 0.5
	return c
}

func (c scalingCase) gibbs(i, j int) float64 {
	x := float64(c.inverse) * (float64(c.f[i]) + float64(c.g[j]) - float64(c.costs.data[i*c.columns+j]))
	if x < lowestGibbs {
		return 0
	}
	return math.Exp(x)
}

// iterate returns U and V, and the errors of the last iteration.
func (c scalingCase) iterate(n, relax int) (u, v []float64, rowError, columnError float64) {
	u, v = make([]float64, c.rows), make([]float64, c.columns)
	one := func(x []float64, masses []float32) {
		for i, m := range masses {
			if m > 0 {
				x[i] = 1
			}
		}
	}
	one(u, c.a)
	one(v, c.b)
	step := func(x []float64, masses []float32, sum func(i int) float64) (off float64) {
		for i, m := range masses {
			s, m := sum(i), float64(m)
			off += math.Abs(x[i]*s - m)
			if m > 0 {
				x[i] *= math.Pow(m/(s*x[i]), 1+float64(relax)/8)
			}
		}
		return off
	}
	for range n {
		rowError = step(u, c.a, func(i int) (s float64) {
			for j := range v {
				s += c.gibbs(i, j) * v[j]
			}
			return s
		})
		columnError = step(v, c.b, func(j int) (s float64) {
			for i := range u {
				s += c.gibbs(i, j) * u[i]
			}
			return s
		})
	}
	return u, v, rowError, columnError
}

// plan returns the value and the marginal error of a plan.
func (c scalingCase) judge(plan []float32) (value, off float64) {
	sums := make([]float64, c.columns)
	for i, a := range c.a {
		sum := 0.0
		for j := range c.columns {
			x := float64(plan[i*c.columns+j])
			sum, sums[j], value = sum+x, sums[j]+x, value+x*float64(c.costs.data[i*c.columns+j])
		}
		off += math.Abs(sum - float64(a))
	}
	for j, b := range c.b {
		off += math.Abs(sums[j] - float64(b))
	}
	return value, off
}

var shapesOfProblems = [][2]int{{1, 1}, {1, 7}, {2, 16}, {3, 17}, {7, 5}, {8, 8}, {9, 31}, {15, 33}, {16, 16}, {17, 64}, {24, 40}, {31, 47}, {40, 1}, {65, 129}, {128, 128}}

func TestScaling(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		var s Scaling
		for _, shape := range shapesOfProblems {
			for relax := range 8 {
				c := newScalingCase(r, shape[0], shape[1])
				s.Resize(c.rows, c.columns)
				copy(s.A, c.a)
				copy(s.B, c.b)
				s.SetKernel(c.costs.data, c.f, c.g, c.inverse)
				p := s.Iterate(2, relax)
				u, v, rowError, columnError := c.iterate(2, relax)
				at := fmt.Sprintf("%d x %d, relax %d", c.rows, c.columns, relax)
				low, high := math.Inf(1), 0.0
				for _, side := range []struct {
					name string
					got  []float32
					want []float64
				}{{"U", s.U, u}, {"V", s.V, v}} {
					for i, want := range side.want {
						if got := side.got[i]; !(math.Abs(float64(got)-want) <= 1e-4*want) {
							t.Fatalf("%s: %s[%d] is %g, want %g", at, side.name, i, got, want)
						}
						if want > 0 {
							low, high = min(low, want), max(high, want)
						}
					}
				}
				if !near(p.RowError, rowError, 1e-4) || !near(p.ColumnError, columnError, 1e-4) || !near(p.Low, low, 1e-4) || !near(p.High, high, 1e-4) {
					t.Fatalf("%s: %+v, want %g %g %g %g", at, p, rowError, columnError, low, high)
				}
				plan := newBuffer(c.rows*c.columns, 1)
				gotValue, gotError := s.Plan(plan.data, c.costs.data)
				plan.check(t)
				for i, x := range plan.data {
					want := u[i/c.columns] * c.gibbs(i/c.columns, i%c.columns) * v[i%c.columns]
					if !(math.Abs(float64(x)-want) <= 1e-4*want+1e-30) {
						t.Fatalf("%s: cell %d of the plan is %g, want %g", at, i, x, want)
					}
				}
				value, off := c.judge(plan.data)
				if !near(gotValue, value, 1e-5) || !near(gotError, off, 1e-5) {
					t.Errorf("%s: value %g, error %g; want %g, %g", at, gotValue, gotError, value, off)
				}
			}
		}
	})
}

// TestKernelOfWideCosts checks that no exponential is denormal.
func TestKernelOfWideCosts(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		var s Scaling
		costs := make([]float32, 2*21)
		for i := range costs {
			costs[i] = float32(i) * 3
		}
		s.Resize(2, 21)
		s.SetKernel(costs, make([]float32, 2), make([]float32, 21), 1)
		for i, c := range costs {
			got := s.k[i/21*s.ld+i%21]
			if want := math.Exp(-float64(c)); c > 86 && got != 0 || c <= 86 && !(math.Abs(float64(got)-want) <= 1e-6*want) {
				t.Errorf("e^%g is %g", -c, got)
			}
		}
	})
}

func TestMinima(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, shape := range shapesOfProblems {
			c := newScalingCase(r, shape[0], shape[1])
			for j := range c.g {
				c.g[j] = r.Float32()
			}
			rows, columns := newBuffer(c.rows, 3), newBuffer(c.columns, 2)
			if largest, finite := RowMinima(rows.data, c.costs.data, c.g); !finite || largest != slices.Max(c.costs.data) {
				t.Errorf("%v: the largest cost is %g, finite %v", shape, largest, finite)
			}
			ColumnMinima(columns.data, c.costs.data, rows.data)
			rows.check(t)
			columns.check(t)
			for i, got := range rows.data {
				want := float32(math.Inf(1))
				for j, g := range c.g {
					want = min(want, c.costs.data[i*c.columns+j]-g)
				}
				if got != want {
					t.Errorf("%v: the least of row %d is %g, want %g", shape, i, got, want)
				}
			}
			for j, got := range columns.data {
				want := float32(math.Inf(1))
				for i, f := range rows.data {
					want = min(want, c.costs.data[i*c.columns+j]-f)
				}
				if got != want {
					t.Errorf("%v: the least of column %d is %g, want %g", shape, j, got, want)
				}
			}
			for _, odd := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				for _, i := range []int{0, len(c.costs.data) - 1} {
					kept := c.costs.data[i]
					c.costs.data[i] = float32(odd)
					if _, finite := RowMinima(rows.data, c.costs.data, c.g); finite {
						t.Errorf("%v: cost %d of %g is finite", shape, i, odd)
					}
					c.costs.data[i] = kept
				}
			}
		}
	})
}

func BenchmarkScaling(b *testing.B) {
	for _, o := range available() {
		for _, n := range []int{16, 32, 64, 128} {
			b.Run(fmt.Sprintf("%s/%d", o.name, n), func(b *testing.B) {
				before := active
				active = o
				defer func() { active = before }()
				c := newScalingCase(rand.New(rand.NewPCG(1, 1)), n, n)
				var s Scaling
				s.Resize(n, n)
				copy(s.A, c.a)
				copy(s.B, c.b)
				s.SetKernel(c.costs.data, c.f, c.g, c.inverse)
				for b.Loop() {
					s.Iterate(50, 6)
				}
				b.ReportMetric(float64(b.N)*50*float64(2*n*n)/b.Elapsed().Seconds()/1e9, "Gcell/s")
			})
		}
	}
}
