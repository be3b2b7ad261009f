package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// roundTo8 rounds to 8 bits of mantissa, ties to even.
func roundTo8(x float64) float64 {
	fraction, exponent := math.Frexp(x)
	return math.Ldexp(math.RoundToEven(math.Ldexp(fraction, 8)), exponent-8)
}

func TestBFloat16Product(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, size := range narrowSizes {
			checkBFloat16(t, r, size[0], size[1], size[2])
		}
	})
}

func checkBFloat16(t *testing.T, r *rand.Rand, m, n, k int) {
	t.Helper()
	p := newNarrowProduct(r, m, n, k)
	p.run(BFloat16)
	left, right := p.operands(func(x []float32) []float64 {
		y := make([]float64, len(x))
		for i, v := range x {
			y[i] = roundTo8(float64(v))
		}
		return y
	})
	p.check(t, left, right, func(_, _ int) float64 { return 1 }, 8e-6*math.Sqrt(float64(k)))
}

func TestGemmTransposedAdd(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, size := range append(narrowSizes, [3]int{16, 1540, 20}, [3]int{100, 70, 1600}) {
			for _, precision := range []Precision{Float32, BFloat16} {
				checkTransposedAdd(t, r, precision, size[0], size[1], size[2])
			}
		}
	})
}

func checkTransposedAdd(t *testing.T, r *rand.Rand, precision Precision, m, n, k int) {
	t.Helper()
	p := newProduct(r, true, false, m, n, k, r.IntN(3), r.IntN(3), r.IntN(3))
	p.alpha, p.beta = 1, 1
	rounded := p
	if precision == BFloat16 {
		rounded.a, rounded.b = newBuffer(len(p.a.data), 0), newBuffer(len(p.b.data), 0)
		for _, pair := range [][2][]float32{{rounded.a.data, p.a.data}, {rounded.b.data, p.b.data}} {
			for i, v := range pair[1] {
				pair[0][i] = float32(roundTo8(float64(v)))
			}
		}
	}
	want := rounded.blas()
	GemmTransposedAdd(precision, m, n, k, p.a.data, p.lda, p.b.data, p.ldb, p.c.data, p.ldc)
	p.compare(t, want)
}
