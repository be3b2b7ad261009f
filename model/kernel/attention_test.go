package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// attentionCase is one call of Attention and AttentionBackward.
type attentionCase struct {
	n, heads, d                  int
	drop                         Dropout
	qkv, context, dContext, dqkv buffer
}

func newAttention(r *rand.Rand, n, heads, d int) attentionCase {
	h := heads * d
	return attentionCase{n, heads, d, Dropout{}, random(r, n*3*h, r.IntN(8)), newBuffer(n*h, r.IntN(8)), random(r, n*h, r.IntN(8)),
		newBuffer(n*3*h, r.IntN(8))}
}

func (c attentionCase) run() {
	Attention(c.n, c.heads, c.d, c.qkv.data, c.drop, c.context.data)
	AttentionBackward(c.n, c.heads, c.d, c.qkv.data, c.drop, c.dContext.data, c.dqkv.data)
}

// reference computes the context and dqkv by their formulas in float64.
func (c attentionCase) reference() (context, dqkv []float64) {
	n, h := c.n, c.heads*c.d
	context, dqkv = make([]float64, n*h), make([]float64, n*3*h)
	at := func(i, what, j int) int { return i*3*h + what*h + j }
	value := func(i, what, j int) float64 { return float64(c.qkv.data[at(i, what, j)]) }
	scale := 1 / math.Sqrt(float64(c.d))
	for head := range c.heads {
		first, end := head*c.d, (head+1)*c.d
		for i := range n {
			scores := make([]float32, n)
			for k := range n {
				sum := 0.0
				for j := first; j < end; j++ {
					sum += value(i, 0, j) * value(k, 1, j)
				}
				scores[k] = float32(sum * scale)
			}
			p, dp, mean, kept := softmaxReference(scores), make([]float64, n), 0.0, ones(n)
			c.drop.At(head).Apply(kept, i)
			for k := range n {
				for j := first; j < end; j++ {
					dc := float64(c.dContext.data[i*h+j]) * float64(kept[k])
					context[i*h+j] += p[k] * float64(kept[k]) * value(k, 2, j)
					dp[k] += dc * value(k, 2, j)
					dqkv[at(k, 2, j)] += p[k] * dc
				}
				mean += p[k] * dp[k]
			}
			for k := range n {
				ds := p[k] * (dp[k] - mean) * scale
				for j := first; j < end; j++ {
					dqkv[at(i, 0, j)] += ds * value(k, 1, j)
					dqkv[at(k, 1, j)] += ds * value(i, 0, j)
				}
			}
		}
	}
	return context, dqkv
}

func (c attentionCase) check(t *testing.T) {
	t.Helper()
	context, dqkv := c.reference()
	for _, x := range []struct {
		what string
		got  []float32
		want []float64
	}{{"context", c.context.data, context}, {"dqkv", c.dqkv.data, dqkv}} {
		for i, w := range x.want {
			if !near(x.got[i], w, 2e-5*math.Sqrt(float64(c.d))) {
				t.Fatalf("%d tokens, %d heads of %d: element %d of %s is %g, want %g", c.n, c.heads, c.d, i, x.what, x.got[i], w)
			}
		}
	}
	for _, b := range []buffer{c.qkv, c.context, c.dContext, c.dqkv} {
		b.check(t)
	}
}

// Sizes go past panels of rows and columns, blocks of rows, and blocks of k; widths are no multiples of a vector.
func TestAttention(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, n := range append(sizes[1:40], 47, 48, 49, 63, 64, 65, 127, 129) {
			for _, d := range []int{1 + r.IntN(40), 8, 32} {
				c := newAttention(r, n, 1+r.IntN(3), d)
				c.drop = Dropout{float32(r.IntN(3)) / 5, r.Uint64()}
				c.run()
				c.check(t)
			}
		}
		for _, size := range [][3]int{{513, 1, 64}, {800, 2, 5}, {3, 1, 800}, {50, 1, 130}, {40, 16, 64}} {
			c := newAttention(r, size[0], size[1], size[2])
			c.drop = Dropout{0.1, r.Uint64()}
			c.run()
			c.check(t)
		}
	})
}

func TestAttentionAgainstTorch(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		g := readGolden(t, "attention")
		const n, heads, d = 11, 2, 20
		context, dqkv := make([]float32, n*heads*d), make([]float32, n*3*heads*d)
		Attention(n, heads, d, g.X, Dropout{}, context)
		compare(t, "context", context, g.Y, 2e-6)
		AttentionBackward(n, heads, d, g.X, Dropout{}, g.DY, dqkv)
		compare(t, "dqkv", dqkv, g.DX, 5e-6)
	})
}

// What earlier calls have left in the scratch memory, NaN for instance, does not matter.
func TestAttentionAfterNaN(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, n := range []int{1, 7, 13, 30, 50, 400} {
			c := newAttention(r, n, 2, 12)
			c.drop = Dropout{0.5, 1}
			c.run()
			context, dqkv := append([]float32(nil), c.context.data...), append([]float32(nil), c.dqkv.data...)
			s := scratches.Get().(*scratch)
			for _, x := range [][]float32{s.keys, s.values, s.plainKeys, s.rows, s.p, s.kept, s.dp, s.a[:]} {
				for i := range x {
					x[i] = float32(math.NaN())
				}
			}
			scratches.Put(s)
			c.run()
			sameBits(t, c.context.data, context)
			sameBits(t, c.dqkv.data, dqkv)
		}
	})
}

// A query that is not a number spoils its own row and head only, a key or value all rows of its head.
func TestAttentionNaN(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, n := range []int{1, 5, 16, 33, 60} {
			const heads, d, h = 2, 8, 16
			for what := range 3 {
				c, row, bad := newAttention(r, n, heads, d), r.IntN(n), []float64{math.NaN(), math.Inf(1)}[r.IntN(2)]
				column := d + r.IntN(d) // of the second head
				c.qkv.data[row*3*h+what*h+column] = float32(bad)
				c.run()
				for i, v := range c.context.data {
					spoilt := i%h >= d && (what == 0 && i/h == row || what == 1 && bad != bad || what == 2 && i%h == column)
					unknown := what == 1 && bad == bad && i%h >= d // softmax may have a single large score, or NaN
					if !unknown && (v-v != 0) != spoilt {
						t.Fatalf("%d tokens, %g at %d of kind %d: context %d is %g", n, bad, row, what, i, v)
					}
				}
			}
		}
	})
}

// The rows have room for whole vectors; the softmax of each is that of Softmax's test.
func TestSoftmaxRows(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, n := range sizes[1:] {
			rows, ld := 1+r.IntN(9), (n+rowAlign-1)&^(rowAlign-1)
			x, kept, dp := random(r, rows*ld, r.IntN(8)), newBuffer(rows*ld, r.IntN(8)), random(r, rows*ld, r.IntN(8))
			for i := range x.data {
				x.data[i] = x.data[i]*5 - 300
				if i%ld >= n {
					x.data[i], dp.data[i] = float32(math.NaN()), float32(math.Inf(1))
				}
			}
			if n > 2 {
				x.data[r.IntN(n)] = float32(math.Inf(-1))
			}
			scores, upstream := append([]float32(nil), x.data...), append([]float32(nil), dp.data...)
			active.softmaxRows(rows, n, x.data, ld)
			factors := ones(rows * ld)
			Dropout{0.5, uint64(n)}.rows(0, rows, n, factors, ld)
			for i, f := range factors {
				kept.data[i] = x.data[i] * f
			}
			active.softmaxBackwardRows(rows, n, x.data, kept.data, dp.data, ld)
			for i := range rows {
				want, sum := softmaxReference(scores[i*ld:][:n]), 0.0
				gradient := func(j int) float64 { return float64(upstream[i*ld+j]) * float64(factors[i*ld+j]) }
				for j, p := range want {
					sum += p * gradient(j)
				}
				for j, p := range want {
					expect(t, n, "softmax", x.data[i*ld+j], p)
					expect(t, n, "its gradient", dp.data[i*ld+j], p*(gradient(j)-sum))
				}
			}
			x.check(t)
			kept.check(t)
			dp.check(t)
		}
	})
}

func TestAttentionPanics(t *testing.T) {
	x := make([]float32, 3*4*8)
	for _, f := range []func(){
		func() { Attention(0, 2, 4, x, Dropout{}, x[:32]) },
		func() { Attention(4, 2, 4, x[1:], Dropout{}, x[:32]) },
		func() { Attention(4, 2, 4, x, Dropout{}, x[:31]) },
		func() { AttentionBackward(4, 2, 4, x, Dropout{}, x[:31], x) },
		func() { AttentionBackward(4, 2, 4, x, Dropout{}, x[:32], x[1:]) },
	} {
		if message := panics(f); message != "kernel: attention does not have its shape" {
			t.Errorf("panics with %v", message)
		}
	}
}
