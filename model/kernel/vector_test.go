package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// An elementwise function changes its first slice; reference computes one element of that in float64.
type elementwise struct {
	name      string
	run       func(x, y, z []float32)
	reference func(x, y, z float64) float64
	tolerance float64
}

func normalDistribution(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

var elementwises = []elementwise{
	{"Axpy", func(x, y, _ []float32) { Axpy(0.7, y, x) },
		func(x, y, _ float64) float64 { return x + float64(float32(0.7))*y }, 1e-6},
	{"Add", func(x, y, _ []float32) { Add(x, y) }, func(x, y, _ float64) float64 { return x + y }, 1e-6},
	{"Scale", func(x, _, _ []float32) { Scale(-3, x) }, func(x, _, _ float64) float64 { return -3 * x }, 1e-6},
	{"Exp", func(x, y, _ []float32) { Exp(x, y) }, func(_, y, _ float64) float64 { return math.Exp(y) }, 3e-7},
	{"GELU", func(x, y, _ []float32) { GELU(x, y) },
		func(_, y, _ float64) float64 { return max(y, -40) * normalDistribution(y) }, 1e-6},
	{"GELUBackward", func(x, y, z []float32) { GELUBackward(x, y, z) }, func(_, y, z float64) float64 {
		y = max(-40, min(y, 40)) // infinity would meet 0
		return z * (normalDistribution(y) + y*math.Exp(-y*y/2)/math.Sqrt(2*math.Pi))
	}, 2e-6},
}

func TestElementwise(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, f := range elementwises {
			for _, n := range sizes {
				x, y, z := random(r, n, r.IntN(8)), random(r, n, r.IntN(8)), random(r, n, r.IntN(8))
				want := make([]float64, n)
				for i := range want {
					want[i] = f.reference(float64(x.data[i]), float64(y.data[i]), float64(z.data[i]))
				}
				f.run(x.data, y.data, z.data)
				for i, w := range want {
					if !near(x.data[i], w, f.tolerance) {
						t.Fatalf("%s of %d elements: element %d is %g, want %g", f.name, n, i, x.data[i], w)
					}
				}
				x.check(t)
				y.check(t)
				z.check(t)
			}
		}
	})
}

// AddRows has the bits of Add, row by row.
func TestAddRows(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, n := range sizes {
			for _, rows := range []int{0, 1, 2, 7} {
				x, sum := random(r, rows*n, r.IntN(8)), random(r, n, r.IntN(8))
				want := append([]float32(nil), sum.data...)
				for i := range rows {
					addGeneric(want, x.data[i*n:(i+1)*n])
				}
				AddRows(sum.data, x.data, rows)
				sameBits(t, sum.data, want)
				sum.check(t)
				x.check(t)
			}
		}
	})
}

// An element's result depends neither on its place nor on its neighbours.
func TestElementwiseIgnoresPlace(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, f := range elementwises {
			x, y, z := random(r, 45, 0).data, random(r, 45, 0).data, random(r, 45, 0).data
			alone := append([]float32(nil), x...)
			f.run(x, y, z)
			for i := range alone {
				f.run(alone[i:i+1], y[i:i+1], z[i:i+1])
			}
			sameBits(t, alone, x)
		}
	})
}

func TestSums(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, n := range sizes {
			x, y := random(r, n, r.IntN(8)).data, random(r, n, r.IntN(8)).data
			var dot, size, squares float64
			for i := range x {
				dot += float64(x[i]) * float64(y[i])
				size += math.Abs(float64(x[i]) * float64(y[i]))
				squares += float64(x[i]) * float64(x[i])
			}
			if got := Dot(x, y); math.Abs(float64(got)-dot) > 1e-6*(1+size) {
				t.Errorf("Dot of %d elements is %g, want %g", n, got, dot)
			}
			if got := SumSquares(x); math.Abs(got-squares) > 1e-12*squares {
				t.Errorf("SumSquares of %d elements is %g, want %g", n, got, squares)
			}
			for _, i := range []int{0, n / 2, n - 1} {
				if n > 0 {
					checkSumsOf(t, x, y, i)
				}
			}
		}
	})
}

// checkSumsOf makes element i NaN: the sums must be so as well.
func checkSumsOf(t *testing.T, x, y []float32, i int) {
	t.Helper()
	old := x[i]
	x[i] = float32(math.NaN())
	if got := Dot(x, y); got == got {
		t.Errorf("Dot with a NaN at %d of %d is %g", i, len(x), got)
	}
	if got := SumSquares(x); got == got {
		t.Errorf("SumSquares with a NaN at %d of %d is %g", i, len(x), got)
	}
	x[i] = old
}

// SumSquares is taken in float64: squares beyond float32 do not overflow.
func TestSumSquaresOfLargeNumbers(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		if got := SumSquares([]float32{3e30, 4e30, 0}); math.Abs(got-25e60) > 1e55 {
			t.Errorf("got %g, want 25e60", got)
		}
	})
}

// everyFew returns float32 values all over their range, NaN and infinities included.
func everyFew() []float32 {
	const step = 4999 // a prime: the last bits vary
	x := make([]float32, 1<<32/step)
	for i := range x {
		x[i] = math.Float32frombits(uint32(i * step))
	}
	return x
}

// Exp is exact to 2 units in the last place over its whole range, and special values go through.
func TestExpRange(t *testing.T) {
	x := everyFew()
	for v := float32(-104); v < 89; v += 1.0 / 1024 {
		x = append(x, v)
	}
	eachISA(t, func(t *testing.T) {
		y := make([]float32, len(x))
		Exp(y, x)
		for i, v := range x {
			want := math.Exp(float64(v))
			if want > math.MaxFloat32 {
				want = math.Inf(1)
			}
			unit := float64(math.Nextafter32(float32(want), math.MaxFloat32)) - want
			if !near(y[i], want, 0) && !(math.Abs(float64(y[i])-want) <= 2*max(unit, 0x1p-149)) {
				t.Fatalf("e^%g is %g, want %g", v, y[i], want)
			}
		}
		inf := float32(math.Inf(1))
		special := []float32{0, inf, -inf, float32(math.NaN()), 88.73, -104, math.MaxFloat32, -math.MaxFloat32}
		Exp(special, special)
		compare(t, "e^x", special, []float32{1, inf, 0, float32(math.NaN()), inf, 0, inf, 0}, 0)
	})
}

// GELU and its derivative keep their absolute errors below 1e-6.
func TestGELURange(t *testing.T) {
	x := everyFew()
	for v := float32(-8); v < 8; v += 1.0 / 8192 {
		x = append(x, v)
	}
	eachISA(t, func(t *testing.T) {
		y, dx, one := make([]float32, len(x)), make([]float32, len(x)), make([]float32, len(x))
		for i := range one {
			one[i] = 1
		}
		GELU(y, x)
		GELUBackward(dx, x, one)
		for i, v := range x {
			u := max(float64(v), -40) // so that minus infinity does not meet 0
			p := normalDistribution(u)
			if !near(y[i], u*p, 1e-6) || math.Abs(float64(y[i])-u*p) > max(1e-6, 2.5e-7*u) {
				t.Fatalf("GELU of %g is %g, want %g", v, y[i], u*p)
			}
			u = min(u, 40)
			if want := p + u*math.Exp(-u*u/2)/math.Sqrt(2*math.Pi); !near(dx[i], want, 1e-6) {
				t.Fatalf("derivative at %g is %g, want %g", v, dx[i], want)
			}
		}
	})
}

func TestSoftmax(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, n := range sizes {
			x := random(r, n, r.IntN(8))
			for i := range x.data { // far from 0, so that only differences may count
				x.data[i] = x.data[i]*5 - 300
			}
			if n > 2 {
				x.data[r.IntN(n)] = float32(math.Inf(-1))
			}
			want := softmaxReference(x.data)
			Softmax(x.data)
			for i, w := range want {
				if !near(x.data[i], w, 3e-7+3e-9*float64(n)) {
					t.Fatalf("%d elements: element %d is %g, want %g", n, i, x.data[i], w)
				}
			}
			x.check(t)
			checkSoftmaxNaN(t, r, x.data)
		}
	})
}

func softmaxReference(x []float32) []float64 {
	largest, sum := math.Inf(-1), 0.0
	for _, v := range x {
		largest = max(largest, float64(v))
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = math.Exp(float64(v) - largest)
		sum += y[i]
	}
	for i := range y {
		y[i] /= sum
	}
	return y
}

// checkSoftmaxNaN puts one NaN or infinity anywhere: all of the result must be NaN.
func checkSoftmaxNaN(t *testing.T, r *rand.Rand, x []float32) {
	t.Helper()
	if len(x) == 0 {
		return
	}
	at := r.IntN(len(x))
	x[at] = []float32{float32(math.NaN()), float32(math.Inf(1))}[r.IntN(2)]
	Softmax(x)
	for i, v := range x {
		if v == v {
			t.Fatalf("bad element %d of %d: element %d is %g", at, len(x), i, v)
		}
	}
}

func TestAdamWSizes(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		s := AdamWStep{0.01, 0.875, 0.9921875, 1e-8, 0.1, 0.19, 0.001999, 0.5} // 7/8 and 127/128 are exact
		for _, n := range sizes {
			w, m, v, g := random(r, n, r.IntN(8)), random(r, n, r.IntN(8)), random(r, n, r.IntN(8)), random(r, n, r.IntN(8))
			want := make([]float64, n)
			for i := range want {
				v.data[i] *= v.data[i]
				gradient := float64(g.data[i]) / 2
				first := float64(m.data[i])*7/8 + gradient/8
				second := float64(v.data[i])*127/128 + gradient*gradient/128
				want[i] = float64(w.data[i])*(1-0.01*0.1) - 0.01*first/0.19/(math.Sqrt(second/0.001999)+1e-8)
			}
			AdamW(s, w.data, m.data, v.data, g.data)
			for i, x := range want {
				if !near(w.data[i], x, 1e-6) {
					t.Fatalf("%d elements: weight %d is %g, want %g", n, i, w.data[i], x)
				}
			}
			for _, b := range []buffer{w, m, v, g} {
				b.check(t)
			}
		}
	})
}

func TestAtLeast(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, n := range sizes {
			for _, least := range []float64{math.Inf(-1), -1, 1.5, 9, math.NaN()} {
				x, dst := random(r, n, r.IntN(8)), make([]int32, n+1)
				if n > 2 {
					x.data[n/2], x.data[n-1] = float32(least), float32(math.NaN())
				}
				dst[n] = -7
				var want []int32
				for i, v := range x.data {
					if float64(v) >= least {
						want = append(want, int32(i))
					}
				}
				if got := dst[:AtLeast(dst[:n], x.data, float32(least))]; !slices.Equal(got, want) || dst[n] != -7 {
					t.Fatalf("%d elements, at least %g: %v, want %v", n, least, got, want)
				}
			}
		}
	})
}
