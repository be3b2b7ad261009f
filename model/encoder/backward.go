package encoder

import (
	"math"
	"runtime"

	"github.com/ferry-clir/ferry/model/kernel"
)

// Backward adds to g the gradients of a loss whose gradient by the hidden states is dHidden, of (tokens, Hidden). It
// follows a Forward with the same w and b while w.Training was set and no weight has changed since.
func (e *Encoder) Backward(w *Workspace, b Batch, dHidden []float32, g *Gradients) {
	if len(w.layers) == 0 || !w.Training || w.tokens != len(b.IDs) {
		panic("encoder: backward without a training forward pass")
	}
	if w.Precision == Int8 {
		panic("encoder: backward in integers of 8 bits")
	}
	if len(dHidden) != len(w.hidden) {
		panic("encoder: gradient of the hidden states has the wrong length")
	}
	defer runtime.KeepAlive(e)
	w.arena.used = w.forward
	lowest := 0 // nothing below is trained
	if g.Frozen.Embeddings {
		lowest = g.Frozen.Layers
	}
	s := w.takeScratch(e.Config)
	copy(s.dy, dHidden)
	packed := e.backward.of(e, false, w.Precision)
	for i := len(w.layers) - 1; i >= lowest; i-- {
		input := i > lowest || !g.Frozen.Embeddings
		e.backwardLayer(&e.weights.layers[i], &packed[i], &g.sums.layers[i], &w.layers[i], &s, b, input)
	}
	if !g.Frozen.Embeddings {
		e.backwardEmbed(w, b, s.dy, g)
	}
}

// scratch is the memory of a backward pass, used for one layer after the other.
type scratch struct {
	dy           []float32 // (tokens, H): gradient of the layer's output, and in the end of its input
	dh           []float32 // (tokens, H)
	dup          []float32 // (tokens, F)
	dqkv         []float32 // (tokens, 3H)
	dp           []float32 // (longest sequence squared)
	dnorm, dbias []float32 // (H): where the gradients of frozen normalisations go
	precision    Precision // of products with weights and of their gradients
}

func (w *Workspace) takeScratch(c Config) scratch {
	t, h := w.tokens, c.Hidden
	return scratch{
		dy: w.arena.take(t * h), dh: w.arena.take(t * h), dup: w.arena.take(t * c.FFN), dqkv: w.arena.take(t * 3 * h),
		dp: w.arena.take(w.longest * w.longest), dnorm: w.arena.take(h), dbias: w.arena.take(h), precision: w.Precision,
	}
}

// backwardLayer turns s.dy from the gradient of a.y into that of a.x (without input, only as far as the weights need)
// and adds the gradients of l's tensors to those of g, which are nil if l is frozen.
func (e *Encoder) backwardLayer(l *layer, p *packedLayer, g *layer, a *activations, s *scratch, b Batch, input bool) {
	t, h, f := len(b.IDs), e.Config.Hidden, e.Config.FFN
	s.backwardNorm(g.norm2, g.norm2Bias, a.sum2, l.norm2, a.mean2, a.rstd2)
	backwardWeights(s.precision, t, h, f, g.down, g.downBias, s.dy, a.gelu)
	kernel.GemmPacked(t, s.dy, h, &p.down, nil, s.dup, f)
	kernel.GELUBackward(s.dup, a.up, s.dup)
	backwardWeights(s.precision, t, f, h, g.up, g.upBias, s.dup, a.middle)
	kernel.GemmPackedAdd(t, s.dup, f, &p.up, nil, s.dy, h, s.dy, h)
	s.backwardNorm(g.norm1, g.norm1Bias, a.sum1, l.norm1, a.mean1, a.rstd1)
	backwardWeights(s.precision, t, h, h, g.out, g.outBias, s.dy, a.context)
	kernel.GemmPacked(t, s.dy, h, &p.out, nil, s.dh, h)
	e.backwardAttend(a, s, b)
	backwardWeights(s.precision, t, 3*h, h, g.qkv, g.qkvBias, s.dqkv, a.x)
	if input {
		kernel.GemmPackedAdd(t, s.dqkv, 3*h, &p.qkv, nil, s.dy, h, s.dy, h)
	}
}

// backwardNorm turns s.dy from the gradient of a normalisation's output into that of its input x.
func (s *scratch) backwardNorm(dgamma, dbeta, x, gamma, mean, rstd []float32) {
	if dgamma == nil {
		dgamma, dbeta = s.dnorm, s.dbias
	}
	kernel.LayerNormBackward(s.dy, dgamma, dbeta, x, s.dy, gamma, mean, rstd, len(mean), len(gamma))
}

// backwardWeights adds dy'*x to dweight and the sum of dy's rows to dbias: dy is (t, outputs), x is (t, inputs).
func backwardWeights(precision Precision, t, outputs, inputs int, dweight, dbias, dy, x []float32) {
	if dweight == nil {
		return
	}
	kernel.GemmTransposedAdd(precision, outputs, inputs, t, dy, outputs, x, inputs, dweight, inputs)
	for i := range t {
		kernel.Add(dbias, part(dy, i, outputs))
	}
}

// backwardAttend computes s.dqkv from s.dh, the gradient of a.context. With P the probabilities of one head and dC its
// part of s.dh: dV = P'*dC, dP = dC*V', dS = P*(dP - sum over the row of P*dP), dQ = dS*K/sqrt(d), dK = dS'*Q/sqrt(d).
func (e *Encoder) backwardAttend(a *activations, s *scratch, b Batch) {
	h, d := e.Config.Hidden, e.Config.Hidden/e.Config.Heads
	scale := float32(1 / math.Sqrt(float64(d)))
	next := 0
	for i := range b.Sequences() {
		begin, end := b.bounds(i)
		n := end - begin
		qkv, dqkv, dh := a.qkv[begin*3*h:end*3*h], s.dqkv[begin*3*h:end*3*h], s.dh[begin*h:end*h]
		for head := range e.Config.Heads {
			at := head * d
			p, ds := a.probabilities[next:next+n*n], s.dp[:n*n]
			kernel.Gemm(true, false, n, d, n, 1, p, n, dh[at:], h, 0, dqkv[2*h+at:], 3*h)
			kernel.Gemm(false, true, n, n, d, 1, dh[at:], h, qkv[2*h+at:], 3*h, 0, ds, n)
			backwardSoftmax(ds, p, n)
			kernel.Gemm(false, false, n, d, n, scale, ds, n, qkv[h+at:], 3*h, 0, dqkv[at:], 3*h)
			kernel.Gemm(true, false, n, d, n, scale, ds, n, qkv[at:], 3*h, 0, dqkv[h+at:], 3*h)
			next += n * n
		}
	}
}

// backwardSoftmax turns dp, the gradient of the probabilities p, into that of the scores; both are (n, n).
func backwardSoftmax(dp, p []float32, n int) {
	for i := range n {
		row, weights := part(dp, i, n), part(p, i, n)
		sum := kernel.Dot(row, weights)
		for j, x := range weights {
			row[j] = x * (row[j] - sum)
		}
	}
}

// backwardEmbed adds the gradients of the embeddings, given dy, that of the first layer's input. It overwrites dy.
func (e *Encoder) backwardEmbed(w *Workspace, b Batch, dy []float32, g *Gradients) {
	c, h := e.Config, e.Config.Hidden
	kernel.LayerNormBackward(dy, g.sums.norm, g.sums.normBias, w.input, dy, e.weights.norm, w.mean, w.rstd, w.tokens, h)
	for i := range b.Sequences() {
		begin, end := b.bounds(i)
		for t := begin; t < end; t++ {
			row := part(dy, t, h)
			kernel.Add(g.Words.row(b.IDs[t]), row)
			kernel.Add(part(g.sums.position, c.PositionOffset+t-begin, h), row)
			kernel.Add(part(g.sums.tokenType, 0, h), row)
		}
	}
}
