package encoder

import (
	"runtime"

	"github.com/ferry-clir/ferry/model/kernel"
)

// Backward adds to g the gradients of a loss whose gradient by the hidden states is dHidden, of (tokens, Hidden). It
// follows a Forward with the same w and b while w.Training was set and no weight has changed since.
func (e *Encoder) Backward(w *Workspace, b Batch, dHidden []float32, g *Gradients) {
	e.Propagate(w, b, dHidden, g.Frozen)
	for i := range g.Parts() {
		g.Collect(i, false, w)
	}
}

// Propagate is the first half of Backward, which goes from layer to layer: it leaves in w what Gradients.Collect makes
// the gradients of the weights from. That half can be split among goroutines as one likes, this one only by batches.
func (e *Encoder) Propagate(w *Workspace, b Batch, dHidden []float32, frozen Frozen) {
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
	if frozen.Embeddings {
		lowest = frozen.Layers
	}
	s := w.takeScratch(e.Config)
	copy(s.dy, dHidden)
	packed := e.backward.of(e, false, w.Precision)
	for i := len(w.layers) - 1; i >= lowest; i-- {
		input := i > lowest || !frozen.Embeddings
		e.backwardLayer(&e.weights.layers[i], &packed[i], &w.layers[i], w, &s, b, input)
	}
	w.batch, w.dx = b, s.dy
	if !frozen.Embeddings {
		w.dnorm = w.takeZeros(2 * e.Config.Hidden)
		kernel.LayerNormBackward(s.dy, part(w.dnorm, 0, e.Config.Hidden), part(w.dnorm, 1, e.Config.Hidden), w.input, s.dy,
			e.weights.norm, w.mean, w.rstd, w.tokens, e.Config.Hidden)
	}
}

// scratch is the memory of a backward pass, used for one layer after the other.
type scratch struct {
	dy   []float32 // (tokens, H): gradient of the layer's output, and in the end of its input
	dh   []float32 // (tokens, H)
	dup  []float32 // (tokens, F)
	dqkv []float32 // (tokens, 3H)
}

func (w *Workspace) takeScratch(c Config) scratch {
	t, h := w.tokens, c.Hidden
	return scratch{
		dy: w.arena.take(t * h), dh: w.arena.take(t * h), dup: w.arena.take(t * c.FFN), dqkv: w.arena.take(t * 3 * h),
	}
}

// backwardLayer turns s.dy from the gradient of a.y into that of a.x, or into anything without input. The gradients that
// those of the weights will be made from take the place of activations that are needed no more: a.sum2, a.up, a.sum1 and
// a.qkv are now their own gradients.
func (e *Encoder) backwardLayer(l *layer, p *packedLayer, a *activations, w *Workspace, s *scratch, b Batch, input bool) {
	t, h, f := len(b.IDs), e.Config.Hidden, e.Config.FFN
	a.dnorms = w.takeZeros(4 * h)
	kernel.LayerNormBackward(s.dy, part(a.dnorms, 2, h), part(a.dnorms, 3, h), a.sum2, s.dy, l.norm2, a.mean2, a.rstd2, t, h)
	a.sum2, s.dy = s.dy, a.sum2
	kernel.GemmPacked(t, a.sum2, h, &p.down, nil, s.dup, f)
	kernel.GELUBackward(s.dup, a.up, s.dup)
	a.up, s.dup = s.dup, a.up
	kernel.GemmPackedAdd(t, a.up, f, &p.up, nil, a.sum2, h, s.dy, h)
	kernel.LayerNormBackward(s.dy, part(a.dnorms, 0, h), part(a.dnorms, 1, h), a.sum1, s.dy, l.norm1, a.mean1, a.rstd1, t, h)
	a.sum1, s.dy = s.dy, a.sum1
	kernel.GemmPacked(t, a.sum1, h, &p.out, nil, s.dh, h)
	e.backwardAttend(a, s, b)
	a.qkv, s.dqkv = s.dqkv, a.qkv
	if input {
		kernel.GemmPackedAdd(t, a.qkv, 3*h, &p.qkv, nil, a.sum1, h, s.dy, h)
	}
}

// backwardAttend computes s.dqkv from s.dh, the gradient of a.context.
func (e *Encoder) backwardAttend(a *activations, s *scratch, b Batch) {
	h, heads := e.Config.Hidden, e.Config.Heads
	for i := range b.Sequences() {
		begin, end := b.bounds(i)
		kernel.AttentionBackward(end-begin, heads, h/heads, a.qkv[begin*3*h:end*3*h], s.dh[begin*h:end*h], s.dqkv[begin*3*h:end*3*h])
	}
}
