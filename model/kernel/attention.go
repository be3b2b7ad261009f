package kernel

import "math"

// rowAlign is what the rows of probabilities are long in multiples of, so that whole vectors fit in.
const rowAlign = 16

// attentionBlock is the number of probabilities that are worked on at once, 512 KiB.
const attentionBlock = 1 << 17

// Attention computes softmax(Q*K'/sqrt(d))*V for each of heads heads of one sequence of n tokens (arXiv 1706.03762). A
// row of qkv, of (n, 3*heads*d), holds the queries of all heads, then the keys, then the values; a row of context, of
// (n, heads*d), takes the results of all heads. Of the results of softmax, row i of head j drops what row i of drop.At(j)
// does.
func Attention(n, heads, d int, qkv []float32, drop Dropout, context []float32) {
	checkAttention(n, heads, d, qkv, context)
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	for i := range heads {
		s.attend(newHead(n, heads, d, i, qkv), drop.At(i), context[i*d:])
	}
}

// AttentionBackward computes dqkv, the gradient of qkv, from dContext, that of the context. The rest is what Attention
// was given, whose probabilities are worked out again.
func AttentionBackward(n, heads, d int, qkv []float32, drop Dropout, dContext, dqkv []float32) {
	checkAttention(n, heads, d, qkv, dContext)
	checkAttention(n, heads, d, dqkv, dContext)
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	for i := range heads {
		s.attendBackward(newHead(n, heads, d, i, qkv), drop.At(i), source{dContext[i*d:], heads * d, 1}, newHead(n, heads, d, i, dqkv))
	}
}

func checkAttention(n, heads, d int, qkv, context []float32) {
	if n < 1 || heads < 1 || d < 1 || len(qkv) < 3*n*heads*d || len(context) < n*heads*d {
		panic("kernel: attention does not have its shape")
	}
}

// A head is one head of attention: q, k and v are (n, d).
type head struct {
	n, d    int
	q, k, v source
}

func newHead(n, heads, d, i int, qkv []float32) head {
	h := heads * d
	all := source{qkv, 3 * h, 1}
	return head{n, d, all.at(0, i*d), all.at(0, h+i*d), all.at(0, 2*h+i*d)}
}

// attentionScratch holds the panels of operands and a block of rows of probabilities and of their gradients.
type attentionScratch struct{ keys, values, plainKeys, rows, p, kept, dp []float32 }

// grow returns x, or something longer, of at least n elements that hold anything.
func grow(x *[]float32, n int) []float32 {
	if len(*x) < n {
		*x = make([]float32, n)
	}
	return *x
}

// panels are the columns of a matrix as strips read them: see stripGeneric.
type panels struct {
	data       []float32
	row, panel int
}

// transposed lays out the transpose of x, of (n, d), in dst.
func transposed(dst *[]float32, x source, n, d int) panels {
	data, width := grow(dst, d*active.tile.across(n)+rowAlign), active.tile.columns
	packColumns(data, source{x.data, 1, x.row}, d, n)
	return panels{data, width, width * d}
}

// plain returns x, of (n, d), for a product of m rows, laid out in dst if that is worth it.
func plain(dst *[]float32, x source, n, d, m int) panels {
	data, row, panel := right(grow(dst, n*active.tile.across(d)+rowAlign), x, n, d, m)
	return panels{data, row, panel}
}

// multiply computes C = alpha*A*B + D, where A is (m, k) and C is (m, n); d may be nil, and d may be c.
func (s *scratch) multiply(m, n, k int, alpha float32, a source, b panels, d, c []float32, ldc int) {
	for p := 0; p < k; p += depthBlock {
		s.product(m, n, min(depthBlock, k-p), alpha, a.at(0, p), b.data[p*b.row:], b.row, b.panel, nil, d, ldc, c, ldc)
		d = c
	}
}

// block returns how many rows of probabilities are worked on at once, and how long they are.
func (h head) block() (rows, ld int) {
	ld = (h.n + rowAlign - 1) &^ (rowAlign - 1)
	tile := active.tile.rows
	return min(h.n, max(1, attentionBlock/ld/tile)*tile), ld
}

// scale is what products of queries and keys, of d elements, are multiplied with.
func scale(d int) float32 { return float32(1 / math.Sqrt(float64(d))) }

// probabilities computes m rows of softmax(Q*K'/sqrt(d)) from row i on.
func (s *scratch) probabilities(h head, keys panels, i, m int, p []float32, ld int) {
	s.multiply(m, ld, h.d, scale(h.d), h.q.at(i, 0), keys, nil, p, ld)
	active.softmaxRows(m, h.n, p, ld)
}

// attend computes context, of (n, d), whose rows are as far apart as those of all heads.
func (s *scratch) attend(h head, drop Dropout, context []float32) {
	rows, ld := h.block()
	ldc, p := h.q.row/3, grow(&s.p, rows*ld)
	keys, values := transposed(&s.keys, h.k, h.n, h.d), plain(&s.values, h.v, h.n, h.d, h.n)
	for i := 0; i < h.n; i += rows {
		m := min(rows, h.n-i)
		s.probabilities(h, keys, i, m, p, ld)
		drop.rows(i, m, h.n, p, ld)
		s.multiply(m, h.d, h.n, 1, source{p, ld, 1}, values, nil, context[i*ldc:], ldc)
	}
}

// attendBackward computes dh.q, dh.k and dh.v. With P the probabilities and dC the gradient of the context:
// dV = drop(P)'*dC, dP = dC*V', dS as softmaxBackwardRowsGeneric makes it of P, drop(P) and dP, dQ = dS*K/sqrt(d), dK = dS'*Q/sqrt(d).
func (s *scratch) attendBackward(h head, drop Dropout, dContext source, dh head) {
	rows, ld := h.block()
	p, dp := grow(&s.p, rows*ld), grow(&s.dp, rows*ld)
	keys, values := transposed(&s.keys, h.k, h.n, h.d), transposed(&s.values, h.v, h.n, h.d)
	plainKeys := plain(&s.plainKeys, h.k, h.n, h.d, h.n)
	var dk, dv []float32 // nil in the first block
	for i := 0; i < h.n; i += rows {
		m, q, dc := min(rows, h.n-i), h.q.at(i, 0), dContext.at(i, 0)
		s.probabilities(h, keys, i, m, p, ld)
		kept := p
		if drop.Probability > 0 {
			kept = grow(&s.kept, rows*ld)
			copy(kept, p[:m*ld])
			drop.rows(i, m, h.n, kept, ld)
		}
		s.multiply(h.n, h.d, m, 1, source{kept, 1, ld}, plain(&s.rows, dc, m, h.d, h.n), dv, dh.v.data, dh.v.row)
		s.multiply(m, ld, h.d, 1, dc, values, nil, dp, ld)
		active.softmaxBackwardRows(m, h.n, p, kept, dp, ld)
		s.multiply(m, h.d, h.n, scale(h.d), source{dp, ld, 1}, plainKeys, nil, dh.q.at(i, 0).data, dh.q.row)
		s.multiply(h.n, h.d, m, scale(h.d), source{dp, 1, ld}, plain(&s.rows, q, m, h.d, h.n), dk, dh.k.data, dh.k.row)
		dk, dv = dh.k.data, dh.v.data
	}
}

// softmaxRowsGeneric returns the function that applies softmax to the first n elements of so many rows, ld apart. What
// lies between n and ld, a multiple of rowAlign, may change.
func softmaxRowsGeneric(softmax func(x []float32)) func(rows, n int, x []float32, ld int) {
	return func(rows, n int, x []float32, ld int) {
		for i := range rows {
			softmax(x[i*ld:][:n])
		}
	}
}

// softmaxBackwardRowsGeneric turns dp, the gradient of kept, into that of what softmax was given, in the same rows as
// softmaxRowsGeneric. kept is what dropout has made of the probabilities p, or p itself: with its elements p*m, the
// gradient of p is m*dp, so that the result is p*(m*dp - sum of p*m*dp) and needs no m.
func softmaxBackwardRowsGeneric(rows, n int, p, kept, dp []float32, ld int) {
	for i := range rows {
		row, kept, weights := dp[i*ld:][:n], kept[i*ld:][:n], p[i*ld:][:n]
		var sum float32
		for j, x := range kept {
			row[j] *= x
			sum += row[j]
		}
		for j, x := range weights {
			row[j] -= x * sum
		}
	}
}
