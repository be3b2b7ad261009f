package kernel

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// narrowSizes are (m, n, k) at which panels and units are filled to a different degree.
var narrowSizes = [][3]int{
	{1, 1, 1}, {1, 33, 2}, {3, 16, 3}, {6, 17, 63}, {7, 31, 64}, {13, 32, 65}, {14, 15, 31}, {15, 64, 128}, {29, 5, 1000},
	{97, 49, 384}, {113, 40, 33}, {30, 96, 1537}, {2, 3, 9000},
}

// A narrowProduct is C = A*op(B) + bias + D.
type narrowProduct struct {
	m, n, k     int
	transB      bool
	a, b, d, c  buffer
	bias        []float32
	lda, ldb, l int // l is that of C and D
}

// newNarrowProduct draws operands, with bias and D in every second case.
func newNarrowProduct(r *rand.Rand, m, n, k int) narrowProduct {
	p := narrowProduct{m: m, n: n, k: k, transB: r.IntN(2) == 0, lda: k + r.IntN(3), l: n + r.IntN(3)}
	rows, columns := k, n
	if p.transB {
		rows, columns = n, k
	}
	p.ldb = columns + r.IntN(3)
	p.a, p.b = random(r, (m-1)*p.lda+k, r.IntN(8)), random(r, (rows-1)*p.ldb+columns, r.IntN(8))
	p.c = random(r, (m-1)*p.l+n, r.IntN(8))
	if r.IntN(2) == 0 {
		p.bias, p.d = random(r, n, 1).data, random(r, (m-1)*p.l+n, 2)
	}
	return p
}

// right is op(B) at (q, j).
func (p narrowProduct) right(q, j int) float32 {
	if p.transB {
		return p.b.data[j*p.ldb+q]
	}
	return p.b.data[q*p.ldb+j]
}

func (p narrowProduct) run(precision Precision) []float32 {
	packed := &Packed{Precision: precision}
	packed.Repack(p.transB, p.n, p.k, p.b.data, p.ldb)
	GemmPackedAdd(p.m, p.a.data, p.lda, packed, p.bias, p.d.data, p.l, p.c.data, p.l)
	return p.c.data
}

// check compares C with the products of rows of left and columns of right, scaled, in float64.
func (p narrowProduct) check(t *testing.T, left, right [][]float64, scale func(i, j int) float64, tolerance float64) {
	t.Helper()
	for i := range p.m {
		for j := range p.n {
			want := 0.0
			for q, x := range left[i] {
				want += x * right[j][q]
			}
			want *= scale(i, j)
			if p.bias != nil {
				want += float64(p.bias[j]) + float64(p.d.data[i*p.l+j])
			}
			if got := p.c.data[i*p.l+j]; !near(got, want, tolerance) {
				t.Fatalf("(%d,%d,%d), transposed %t: element (%d, %d) is %g, want %g", p.m, p.n, p.k, p.transB, i, j, got, want)
			}
		}
	}
	for _, b := range []buffer{p.a, p.b, p.c, p.d} {
		b.check(t)
	}
}

// operands returns the rows of A and the columns of op(B), each turned into float64 by convert.
func (p narrowProduct) operands(convert func([]float32) []float64) (left, right [][]float64) {
	for i := range p.m {
		left = append(left, convert(p.a.data[i*p.lda:][:p.k]))
	}
	for j := range p.n {
		column := make([]float32, p.k)
		for q := range column {
			column[q] = p.right(q, j)
		}
		right = append(right, convert(column))
	}
	return left, right
}

// roundTo8 rounds to 8 bits of mantissa, ties to even.
func roundTo8(x float64) float64 {
	fraction, exponent := math.Frexp(x)
	return math.Ldexp(math.RoundToEven(math.Ldexp(fraction, 8)), exponent-8)
}

func TestBFloat16Product(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, size := range narrowSizes {
			p := newNarrowProduct(r, size[0], size[1], size[2])
			p.run(BFloat16)
			left, right := p.operands(func(x []float32) []float64 {
				y := make([]float64, len(x))
				for i, v := range x {
					y[i] = roundTo8(float64(v))
				}
				return y
			})
			p.check(t, left, right, func(_, _ int) float64 { return 1 }, 8e-6*math.Sqrt(float64(p.k)))
		}
	})
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

// TestInt8Product has operands of small whole numbers, of which sums are exact, so that both sides round the same values.
func TestInt8Product(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, size := range narrowSizes {
			p := newNarrowProduct(r, size[0], size[1], size[2])
			for _, x := range [][]float32{p.a.data, p.b.data} {
				for i := range x {
					x[i] = float32(r.IntN(19) - 9)
				}
			}
			clear(p.a.data[:p.k])
			p.run(Int8)
			var scales []float64
			left, right := p.operands(func(x []float32) []float64 {
				q, scale := integersOf(x)
				scales = append(scales, scale)
				return q
			})
			p.check(t, left, right, func(i, j int) float64 { return scales[i] * scales[p.m+j] / 64 }, 1e-6)
		}
	})
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

// A row of C has the same bits alone as among others, and a NaN or an infinity in a row of A reaches that row alone.
func TestNarrowRows(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, precision := range []Precision{BFloat16, Int8} {
			p := newNarrowProduct(r, 61, 40, 200)
			p.a.data[17*p.lda+100], p.a.data[33*p.lda+1] = float32(math.NaN()), float32(math.Inf(1))
			packed := &Packed{Precision: precision}
			packed.Repack(p.transB, p.n, p.k, p.b.data, p.ldb)
			GemmPacked(p.m, p.a.data, p.lda, packed, p.bias, p.c.data, p.l)
			row := make([]float32, p.n)
			for i := range p.m {
				GemmPacked(1, p.a.data[i*p.lda:], p.lda, packed, p.bias, row, p.n)
				for j, v := range p.c.data[i*p.l:][:p.n] {
					if finite := v-v == 0; finite == (i == 17 || i == 33) {
						t.Fatalf("C(%d, %d) is %g", i, j, v)
					}
					if v-v == 0 && row[j] != v {
						t.Fatalf("C(%d, %d) is %g alone and %g among others", i, j, row[j], v)
					}
				}
			}
		}
	})
}

func TestNarrowAllocatesNothing(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		p := newNarrowProduct(newRandom(t), 50, 40, 200)
		for _, precision := range []Precision{BFloat16, Int8} {
			packed := &Packed{Precision: precision}
			packed.Repack(p.transB, p.n, p.k, p.b.data, p.ldb)
			if n := testing.AllocsPerRun(50, func() {
				GemmPacked(p.m, p.a.data, p.lda, packed, nil, p.c.data, p.l)
			}); n != 0 {
				t.Errorf("precision %d: %g allocations a product", precision, n)
			}
		}
	})
}

// A Packed may change its precision and size.
func TestNarrowRepack(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		packed := new(Packed)
		for round := range 12 {
			p := newNarrowProduct(r, 5, 1+r.IntN(70), 1+r.IntN(300))
			packed.Precision = Precision(round % 3)
			packed.Repack(p.transB, p.n, p.k, p.b.data, p.ldb)
			got := make([]float32, p.m*p.l)
			GemmPackedAdd(p.m, p.a.data, p.lda, packed, p.bias, p.d.data, p.l, got, p.l)
			want := p.run(packed.Precision)
			for i := range p.m {
				sameBits(t, got[i*p.l:][:p.n], want[i*p.l:][:p.n])
			}
		}
	})
}
