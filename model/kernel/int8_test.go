package kernel

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// integersOf turns x by Sylvester's formula for a Hadamard matrix and quantizes it, in float64.
func integersOf(x []float32) (q []float64, scale float64) {
	largest := 0.0
	for block := 0; block < len(x); block += 64 {
		for i := range 64 {
			sum := 0.0
			for j := range min(64, len(x)-block) {
				sum += float64(x[block+j]) * float64(1-2*(bits.OnesCount(uint(i&j))%2))
			}
			q, largest = append(q, sum), max(largest, math.Abs(sum))
		}
	}
	if largest == 0 {
		return q, 0
	}
	inverse := 127 / float32(largest)
	for i, v := range q {
		q[i] = math.RoundToEven(float64(float32(v) * inverse))
	}
	return q, largest / 127
}

func TestInt8Product(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, size := range narrowSizes {
			checkInt8(t, r, size[0], size[1], size[2])
		}
	})
}

// checkInt8 has operands of small whole numbers, of which sums are exact, so that both sides round the same values.
func checkInt8(t *testing.T, r *rand.Rand, m, n, k int) {
	t.Helper()
	p := newNarrowProduct(r, m, n, k)
	for _, x := range [][]float32{p.a.data, p.b.data} {
		for i := range x {
			x[i] = float32(r.IntN(19) - 9)
		}
	}
	clear(p.a.data[:k])
	p.run(Int8)
	var scales []float64
	left, right := p.operands(func(x []float32) []float64 {
		q, scale := integersOf(x)
		scales = append(scales, scale)
		return q
	})
	p.check(t, left, right, func(i, j int) float64 { return scales[i] * scales[m+j] / 64 }, 1e-6)
}

// Integers at their limits: an element that is alone in its block becomes 64 times 127 or -127.
func TestInt8NeverOverflows(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		const k = 1 << 16
		a, b, c := make([]float32, k), make([]float32, 2*k), make([]float32, 2)
		for i := 0; i < k; i += 64 {
			a[i], b[i], b[k+i] = 1, 1, -1
		}
		packed := &Packed{Precision: Int8}
		packed.Repack(true, 2, k, b, k)
		GemmPacked(1, a, k, packed, nil, c, 2)
		if !near(c[0], k/64, 1e-6) || !near(c[1], -k/64, 1e-6) {
			t.Errorf("products are %g, want %d and %d", c, k/64, -k/64)
		}
	})
	if panics(func() { (&Packed{Precision: Int8}).Repack(true, 1, 1<<16+1, make([]float32, 1<<16+1), 1<<16+1) }) == nil {
		t.Error("a sum that could overflow does not panic")
	}
}

// A large element in every row of A and B costs the others little precision.
func TestInt8Outliers(t *testing.T) {
	r := newRandom(t)
	p := newNarrowProduct(r, 40, 50, 384)
	p.bias, p.d = nil, buffer{}
	for i := range p.m {
		p.a.data[i*p.lda+77] = 60
	}
	want := make([]float32, p.m*p.n)
	Gemm(false, p.transB, p.m, p.n, p.k, 1, p.a.data, p.lda, p.b.data, p.ldb, 0, want, p.n)
	got := p.run(Int8)
	sum := 0.0
	for i := range p.m {
		for j := range p.n {
			sum += math.Pow(float64(got[i*p.l+j]-want[i*p.n+j]), 2)
		}
	}
	// Without turning, rounding A to 60/127 would leave 0.136 * sqrt(384) = 2.7.
	if deviation := math.Sqrt(sum / float64(p.m*p.n)); deviation > 0.7 {
		t.Errorf("products deviate by %g", deviation)
	}
}

// Integers give the same bits with all instructions.
func TestInt8SameBits(t *testing.T) {
	var want [][]float32
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for i, size := range narrowSizes {
			got := newNarrowProduct(r, size[0], size[1], size[2]).run(Int8)
			if len(want) <= i {
				want = append(want, got)
			}
			sameBits(t, got, want[i])
		}
	})
}

// TestInt8Errors holds the errors of columns beside the difference of x and its integers, in float64, for vectors of any size.
func TestInt8Errors(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, k := range sizes[1:] {
			for _, size := range []float32{1, 1e-18, 1e15, 0} {
				const n = 3
				x := random(r, n*k, r.IntN(8))
				Scale(size, x.data)
				packed := &Packed{Precision: Int8}
				packed.Repack(true, n, k, x.data, k)
				for i, got := range packed.Int8Errors() {
					column := x.data[i*k : (i+1)*k]
					sum, norm := 0.0, math.Sqrt(SumSquares(column))
					q, scale := integersOf(column)
					for j := range q {
						turned := 0.0
						for p := j &^ 63; p < min(k, j|63+1); p++ {
							turned += float64(column[p]) * float64(1-2*(bits.OnesCount(uint(p&j&63))%2))
						}
						sum += math.Pow(turned-scale*q[j], 2)
					}
					if want := math.Sqrt(sum / 64); math.Abs(float64(got)-want) > 1e-5*norm || got != Int8Error(column) {
						t.Fatalf("%d elements of size %g: off by %g and %g, want %g", k, size, got, Int8Error(column), want)
					}
				}
				x.check(t)
			}
		}
	})
}
