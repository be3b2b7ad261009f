package encoder

import (
	"runtime"

	"github.com/ferry-clir/ferry/model/kernel"
)

// Forward returns the last hidden states of b, projected if there is a projection, of (tokens, Width). They are valid until the next Forward with w, and
// the caller may not change them. b must be one that Check accepts.
func (e *Encoder) Forward(w *Workspace, b Batch) []float32 {
	defer runtime.KeepAlive(e) // and with it what its weights are views of
	w.Dropout.check(b)
	w.prepare(e.Config, b)
	e.embed(w, b)
	packed := e.forward.of(e, true, w.Precision)
	for i := range w.layers {
		e.forwardLayer(i, &packed[i], w, b)
	}
	return e.project(w)
}

// embed computes the first layer's input: the normalised sum of word, position and token type.
func (e *Encoder) embed(w *Workspace, b Batch) {
	c, h := e.Config, e.Config.Hidden
	for i := range b.Sequences() {
		begin, end := b.bounds(i)
		for t := begin; t < end; t++ {
			x := part(w.input, t, h)
			copy(x, part(e.weights.word, int(b.IDs[t]), h))
			kernel.Add(x, part(e.weights.tokenType, 0, h))
			kernel.Add(x, part(e.weights.position, c.PositionOffset+t-begin, h))
		}
	}
	kernel.LayerNorm(w.layers[0].x, w.input, e.weights.norm, e.weights.normBias, w.tokens, h, c.Epsilon, w.mean, w.rstd)
	w.Dropout.hidden(b, dropEmbeddings, h, w.layers[0].x)
}

// forwardLayer computes y of a layer from its x.
func (e *Encoder) forwardLayer(i int, p *packedLayer, w *Workspace, b Batch) {
	l, a := &e.weights.layers[i], &w.layers[i]
	t, h, f, epsilon := w.tokens, e.Config.Hidden, e.Config.FFN, e.Config.Epsilon
	kernel.GemmPacked(t, a.x, h, &p.qkv, l.qkvBias, a.qkv, 3*h)
	e.attend(i, w, b)
	w.Dropout.residual(b, place(dropContext, i), h, a.context, &p.out, l.outBias, a.x, a.sum1)
	kernel.LayerNorm(a.middle, a.sum1, l.norm1, l.norm1Bias, t, h, epsilon, a.mean1, a.rstd1)
	kernel.GemmPacked(t, a.middle, h, &p.up, l.upBias, a.up, f)
	kernel.GELU(a.gelu, a.up)
	w.Dropout.residual(b, place(dropFFN, i), f, a.gelu, &p.down, l.downBias, a.middle, a.sum2)
	kernel.LayerNorm(a.y, a.sum2, l.norm2, l.norm2Bias, t, h, epsilon, a.mean2, a.rstd2)
}

// attend computes the context of a layer from its qkv, one sequence at a time.
func (e *Encoder) attend(layer int, w *Workspace, b Batch) {
	h, heads, a := e.Config.Hidden, e.Config.Heads, &w.layers[layer]
	for i := range b.Sequences() {
		begin, end := b.bounds(i)
		kernel.Attention(end-begin, heads, h/heads, a.qkv[begin*3*h:end*3*h], w.Dropout.attention(i, layer), a.context[begin*h:end*h])
	}
}
