package kernel

import (
	"fmt"
	"strings"
	"testing"
)

// Each product is timed beside gonum's. One core of a Zen 3 machine does about 100 GF/s at most.
func BenchmarkGemm(b *testing.B) {
	r := newRandom(b)
	for _, size := range [][3]int{{512, 1536, 384}, {512, 384, 1536}, {30, 384, 384}, {30, 30, 32}, {30, 32, 30}} {
		m, n, k := size[0], size[1], size[2]
		time := func(name string, f func()) {
			b.Run(fmt.Sprintf("%dx%dx%d/%s", m, n, k, name), func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(2*float64(m*n*k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GF/s")
			})
		}
		p := newProduct(r, false, true, m, n, k, 0, 0, 0)
		p.beta = 0
		packed := Pack(true, n, k, p.b.data, p.ldb)
		time("packed", func() { GemmPacked(m, p.a.data, p.lda, packed, nil, p.c.data, p.ldc) })
		time("plain", p.run)
		time("gonum", func() { p.blas() })
		p.transA, p.lda, p.transB, p.ldb = true, m, false, n
		time("transposed A", p.run)
	}
}

// Attention of 12 heads is timed beside what it replaces: a product, a softmax of each row and another product for every
// head, and backward four products on probabilities that were kept. ns are for a pair of tokens and head.
func BenchmarkAttention(b *testing.B) {
	const heads = 12
	for _, d := range []int{32, 64} {
		for _, n := range []int{8, 30, 64, 128, 512} {
			c, p, dp := newAttention(newRandom(b), n, heads, d), make([]float32, n*n), make([]float32, n*n)
			for _, f := range []struct {
				name string
				run  func()
			}{
				{"fused", func() { Attention(n, heads, d, c.qkv.data, Dropout{}, c.context.data) }},
				{"products", func() {
					for i := range heads {
						c.products(i, p)
					}
				}},
				{"backward fused", func() { AttentionBackward(n, heads, d, c.qkv.data, Dropout{}, c.dContext.data, c.dqkv.data) }},
				{"backward products", func() {
					for i := range heads {
						c.productsBackward(i, p, dp)
					}
				}},
			} {
				b.Run(fmt.Sprintf("%dx%d/%s/%s", n, d, f.name, ISA()), func(b *testing.B) {
					for b.Loop() {
						f.run()
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*heads*n*n), "ns/pair")
				})
			}
		}
	}
}

// products computes the context of head i, and its probabilities p, of (n, n).
func (c attentionCase) products(i int, p []float32) {
	n, d, h, at := c.n, c.d, c.heads*c.d, i*c.d
	q, k, v := c.qkv.data[at:], c.qkv.data[h+at:], c.qkv.data[2*h+at:]
	Gemm(false, true, n, n, d, scale(d), q, 3*h, k, 3*h, 0, p, n)
	for row := range n {
		Softmax(p[row*n : (row+1)*n])
	}
	Gemm(false, false, n, d, n, 1, p, n, v, 3*h, 0, c.context.data[at:], h)
}

func (c attentionCase) productsBackward(i int, p, dp []float32) {
	n, d, h, at := c.n, c.d, c.heads*c.d, i*c.d
	q, k, v, dContext := c.qkv.data[at:], c.qkv.data[h+at:], c.qkv.data[2*h+at:], c.dContext.data[at:]
	Gemm(true, false, n, d, n, 1, p, n, dContext, h, 0, c.dqkv.data[2*h+at:], 3*h)
	Gemm(false, true, n, n, d, 1, dContext, h, v, 3*h, 0, dp, n)
	softmaxBackwardRowsGeneric(n, n, p, p, dp, n)
	Gemm(false, false, n, d, n, scale(d), dp, n, k, 3*h, 0, c.dqkv.data[at:], 3*h)
	Gemm(true, false, n, d, n, scale(d), dp, n, q, 3*h, 0, c.dqkv.data[h+at:], 3*h)
}

// A layer of a small encoder: 512 tokens of 384 or 1536 elements, or their attention rows.
func BenchmarkElementwise(b *testing.B) {
	r := newRandom(b)
	const rows, d = 512, 384
	x, y, z, w := random(r, rows*d, 0).data, random(r, rows*d, 0).data, random(r, rows*d, 0).data, random(r, rows*d, 0).data
	gamma, beta, mean, rstd := x[:d], y[:d], make([]float32, rows), make([]float32, rows)
	halves := make([]uint16, rows*d)
	for _, f := range []struct {
		name string
		run  func()
	}{
		{"Exp", func() { Exp(y, x) }},
		{"Softmax", func() {
			for i := 0; i < len(y); i += 32 {
				Softmax(y[i : i+32])
			}
		}},
		{"GELU", func() { GELU(y, x) }},
		{"GELUBackward", func() { GELUBackward(y, x, z) }},
		{"LayerNorm", func() { LayerNorm(z, x, gamma, beta, rows, d, 1e-5, mean, rstd) }},
		{"LayerNormBackward", func() { LayerNormBackward(y, w[:d], w[d:2*d], x, z, gamma, mean, rstd, rows, d) }},
		{"AdamW", func() { AdamW(AdamWStep{0, 0.9, 0.999, 1e-8, 0, 1, 1, 1}, w, z, y, x) }},
		{"Axpy", func() { Axpy(0.5, x, y) }},
		{"Add", func() {
			for i := range rows {
				Add(beta, x[i*d:(i+1)*d])
			}
		}},
		{"AddRows", func() { AddRows(beta, x, rows) }},
		{"ToFloat16", func() { ToFloat16(halves, x) }},
		{"FromFloat16", func() { FromFloat16(y, halves) }},
		{"ToBFloat16", func() { ToBFloat16(halves, x) }},
		{"FromBFloat16", func() { FromBFloat16(y, halves) }},
		{"Dot", func() { Dot(x, y) }},
		{"SumSquares", func() { SumSquares(x) }},
	} {
		for _, o := range available() {
			if strings.Contains(o.name, "_") {
				continue // has more products alone
			}
			b.Run(f.name+"/"+o.name, func(b *testing.B) {
				defer func(before isa) { active = before }(active)
				active = o
				for b.Loop() {
					f.run()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(rows*d), "ns/element")
			})
		}
	}
}

var precisions = map[Precision]string{Float32: "float32", BFloat16: "bfloat16", Int8: "int8"}

// The roof of this machine, which the products are to be read against.
func BenchmarkMultiplyAdd(b *testing.B) {
	for precision := Float32; precision <= Int8; precision++ {
		b.Run(precisions[precision], func(b *testing.B) {
			operations := 0.0
			for b.Loop() {
				operations += MultiplyAdd(precision, 1000)
			}
			b.ReportMetric(operations/float64(b.Elapsed().Nanoseconds()), "GF/s")
		})
	}
}

// The linear layers of encoders of 384 and 768, in every precision.
func BenchmarkPrecision(b *testing.B) {
	r := newRandom(b)
	for _, size := range [][3]int{{512, 1536, 384}, {512, 384, 1536}, {512, 1152, 384}, {512, 384, 384}, {512, 3072, 768}, {512, 768, 3072}} {
		m, n, k := size[0], size[1], size[2]
		x, w, y := random(r, m*k, 0).data, random(r, n*k, 0).data, make([]float32, m*n)
		for precision := Float32; precision <= Int8; precision++ {
			packed := &Packed{Precision: precision}
			packed.Repack(true, n, k, w, k)
			b.Run(fmt.Sprintf("%dx%dx%d/%s", m, n, k, precisions[precision]), func(b *testing.B) {
				for b.Loop() {
					GemmPacked(m, x, k, packed, nil, y, n)
				}
				b.ReportMetric(2*float64(m*n*k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GF/s")
			})
		}
	}
}
