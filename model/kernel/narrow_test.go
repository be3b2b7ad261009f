package kernel

import (
	"math"
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
	if raced {
		t.Skip("the race detector allocates by itself")
	}
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
