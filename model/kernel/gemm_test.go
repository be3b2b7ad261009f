package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// A product is one call of Gemm with everything it needs.
type product struct {
	transA, transB bool
	m, n, k        int
	alpha, beta    float32
	a, b, c        buffer
	lda, ldb, ldc  int
}

// newProduct draws matrices with rows padded by the given numbers of elements.
func newProduct(r *rand.Rand, transA, transB bool, m, n, k, padA, padB, padC int) product {
	p := product{transA: transA, transB: transB, m: m, n: n, k: k, alpha: 0.75, beta: -0.5}
	shape := func(transposed bool, rows, columns, pad int) (buffer, int) {
		if transposed {
			rows, columns = columns, rows
		}
		ld := max(1, columns+pad)
		return random(r, max(0, (rows-1)*ld+columns), r.IntN(8)), ld
	}
	p.a, p.lda = shape(transA, m, k, padA)
	p.b, p.ldb = shape(transB, k, n, padB)
	p.c, p.ldc = shape(false, m, n, padC)
	return p
}

func (p product) run() {
	Gemm(p.transA, p.transB, p.m, p.n, p.k, p.alpha, p.a.data, p.lda, p.b.data, p.ldb, p.beta, p.c.data, p.ldc)
}

// blas returns C as gonum computes it.
func (p product) blas() []float32 {
	c := append([]float32(nil), p.c.data...)
	if p.m == 0 || p.n == 0 {
		return c
	}
	matrix := func(transposed bool, rows, columns int, data []float32, ld int) (blas.Transpose, blas32.General) {
		if transposed {
			return blas.Trans, blas32.General{Rows: columns, Cols: rows, Data: data, Stride: ld}
		}
		return blas.NoTrans, blas32.General{Rows: rows, Cols: columns, Data: data, Stride: ld}
	}
	transA, a := matrix(p.transA, p.m, p.k, p.a.data, p.lda)
	transB, b := matrix(p.transB, p.k, p.n, p.b.data, p.ldb)
	_, out := matrix(false, p.m, p.n, c, p.ldc)
	blas32.Gemm(transA, transB, p.alpha, a, b, p.beta, out)
	return c
}

func (p product) compare(t *testing.T, want []float32) {
	t.Helper()
	tolerance := 2e-6 * math.Sqrt(float64(p.k+1)) * 4
	for i, v := range want {
		if !near(p.c.data[i], float64(v), tolerance) {
			t.Fatalf("%v: element %d is %g, want %g", p, i, p.c.data[i], v)
		}
	}
	for _, b := range []buffer{p.a, p.b, p.c} {
		b.check(t)
	}
}

func (p product) String() string {
	return fmt.Sprintf("(%d,%d,%d) transposed %t %t strides %d %d %d", p.m, p.n, p.k, p.transA, p.transB, p.lda, p.ldb, p.ldc)
}

func TestGemmAgainstBLAS(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, size := range [][3]int{{512, 384, 400}, {49, 529, 769}, {97, 33, 1537}, {200, 600, 17}} {
			checkProducts(t, r, size[0], size[1], size[2])
		}
		for range 400 {
			checkProducts(t, r, sizes[r.IntN(46)], sizes[r.IntN(46)], sizes[r.IntN(46)])
		}
	})
}

// checkProducts compares all four combinations of transposes of one size.
func checkProducts(t *testing.T, r *rand.Rand, m, n, k int) {
	t.Helper()
	for _, transposed := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
		p := newProduct(r, transposed[0], transposed[1], m, n, k, r.IntN(3), r.IntN(3), r.IntN(3))
		p.beta = []float32{0, 1, -0.5}[r.IntN(3)]
		want := p.blas()
		p.run()
		p.compare(t, want)
	}
}

// Strides that are multiples of 4096 bytes take the path that packs A.
func TestGemmAliasedStrides(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, transposed := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
			p := newProduct(r, transposed[0], transposed[1], 50, 70, 60, 0, 0, 3)
			for _, ld := range []*int{&p.lda, &p.ldb} {
				*ld = 1024
			}
			p.a, p.b = random(r, 1024*60, 1), random(r, 1024*70, 2)
			want := p.blas()
			p.run()
			p.compare(t, want)
		}
	})
}

// With beta 0, C may hold anything; with alpha 0, so may A and B. A NaN in row i of A reaches row i of C alone.
func TestGemmNotANumber(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		nan := float32(math.NaN())
		r := newRandom(t)
		for _, n := range []int{1, 15, 16, 30} {
			p := newProduct(r, false, true, 13, n, 20, 1, 1, 1)
			p.beta = 0
			for i := range p.c.data {
				p.c.data[i] = nan
			}
			p.a.data[5*p.lda+3] = nan
			p.run()
			for i := range p.m {
				for j, v := range p.c.data[i*p.ldc:][:n] {
					if (v != v) != (i == 5) {
						t.Fatalf("n %d: C(%d, %d) is %g", n, i, j, v)
					}
				}
			}
			p.alpha = 0
			p.run()
			if v := p.c.data[5*p.ldc]; v != 0 {
				t.Fatalf("alpha 0 and beta 0 leave %g", v)
			}
			p.c.check(t)
		}
	})
}

// A row of C has the same bits in a product of one row as in one of many, packed or not.
func TestRowsAreIndependent(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, size := range [][3]int{{70, 48, 384}, {61, 37, 900}, {203, 96, 33}, {13, 530, 64}} {
			for _, transA := range []bool{false, true} {
				p := newProduct(r, transA, true, size[0], size[1], size[2], 0, 0, 0)
				p.alpha, p.beta = 1, 0
				p.run()
				packed := Pack(true, p.n, p.k, p.b.data, p.ldb)
				for i := range p.m {
					checkRow(t, p, packed, i)
				}
			}
		}
	})
}

// checkRow computes row i of p alone, in both ways, and compares it with what p has.
func checkRow(t *testing.T, p product, packed *Packed, i int) {
	t.Helper()
	line, row, want := make([]float32, p.k), make([]float32, p.n), p.c.data[i*p.ldc:][:p.n]
	for d := range line {
		if p.transA {
			line[d] = p.a.data[d*p.lda+i]
		} else {
			line[d] = p.a.data[i*p.lda+d]
		}
	}
	Gemm(false, true, 1, p.n, p.k, 1, line, p.k, p.b.data, p.ldb, 0, row, p.n)
	sameBits(t, row, want)
	GemmPacked(1, line, p.k, packed, nil, row, p.n)
	sameBits(t, row, want)
}

func sameBits(t *testing.T, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("element %d is %g alone and %g among others", i, got[i], want[i])
		}
	}
}

// C = A*B + bias + D, with and without bias, and without D, with another D than C, and with C itself.
func TestGemmPacked(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		packed := new(Packed)
		for round := range 300 {
			p := newProduct(r, false, r.IntN(2) == 0, r.IntN(20), r.IntN(70), r.IntN(1000), r.IntN(2), r.IntN(2), r.IntN(2))
			p.alpha, p.beta = 1, 1
			var bias, d []float32
			if r.IntN(2) == 0 {
				bias = random(r, p.n, 1).data
			}
			ldd := p.ldc + round%3
			if round%3 > 0 {
				d = random(r, p.m*ldd, round%5).data
			}
			for i := range p.m * min(p.n, 1) {
				row := p.c.data[i*p.ldc:][:p.n]
				clear(row)
				if bias != nil {
					copy(row, bias)
				}
				if d != nil {
					Add(row, d[i*ldd:][:p.n])
				}
			}
			want := p.blas()
			for i := range p.m * min(p.n, 1) {
				for j := range p.n {
					p.c.data[i*p.ldc+j] = float32(math.NaN())
					if round%3 == 1 {
						p.c.data[i*p.ldc+j] = d[i*ldd+j]
					}
				}
			}
			if round%3 == 1 {
				d, ldd = p.c.data, p.ldc
			}
			packed.Repack(p.transB, p.n, p.k, p.b.data, p.ldb)
			GemmPackedAdd(p.m, p.a.data, p.lda, packed, bias, d, ldd, p.c.data, p.ldc)
			p.compare(t, want)
		}
	})
}

func TestGemmAllocatesNothing(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates by itself")
	}
	r := newRandom(t)
	p := newProduct(r, true, true, 100, 100, 100, 0, 0, 0)
	packed := Pack(true, 100, 100, p.b.data, 100)
	allocations := testing.AllocsPerRun(100, func() {
		p.run()
		GemmPacked(100, p.a.data, 100, packed, nil, p.c.data, 100)
	})
	if allocations != 0 {
		t.Errorf("%g allocations a product", allocations)
	}
}

func TestGemmWrongShapes(t *testing.T) {
	x := make([]float32, 12)
	for name, f := range map[string]func(){
		"short A":           func() { Gemm(false, false, 4, 1, 4, 1, x, 4, x, 1, 0, x, 1) },
		"short B":           func() { Gemm(false, true, 1, 4, 4, 1, x, 4, x, 4, 0, x, 4) },
		"short C":           func() { Gemm(false, false, 4, 4, 1, 1, x, 1, x, 4, 0, x, 4) },
		"leading dimension": func() { Gemm(false, false, 2, 2, 3, 1, x, 2, x, 2, 0, x, 2) },
		"negative":          func() { Gemm(false, false, -1, 2, 3, 1, x, 3, x, 2, 0, x, 2) },
		"bias":              func() { GemmPacked(1, x, 3, Pack(false, 2, 3, x, 2), x, x, 2) },
		"lengths":           func() { Dot(x, x[1:]) },
	} {
		if panics(f) == nil {
			t.Errorf("%s: no panic", name)
		}
	}
}
