package encoder

import (
	"runtime"

	"github.com/ferry-clir/ferry/model/kernel"
)

// Backward adds to g the gradients of a loss whose gradient by what Forward returned is dHidden, of (tokens, Width). It
// follows a Forward with the same w and b while w.Training was set and no weight has changed since.
func (e *Encoder) Backward(w *Workspace, b Batch, dHidden []float32, g *Gradients) {
	e.StartPropagation(w, b, dHidden, g.Frozen)
	for layer, more := e.PropagateLayer(w); more; layer, more = e.PropagateLayer(w) {
		for i := range g.Parts() {
			if g.Layer(i) == layer {
				g.Collect(i, false, w)
			}
		}
	}
}

// Propagate is the first half of Backward, which goes from layer to layer: it leaves in w what Gradients.Collect makes
// the gradients of the weights from. That half can be split among goroutines as one likes, this one only by batches. With
// gradient checkpointing the halves alternate, so that it has to be PropagateLayer.
func (e *Encoder) Propagate(w *Workspace, b Batch, dHidden []float32, frozen Frozen) {
	if w.GradientCheckpointing {
		panic("encoder: gradient checkpointing goes back a layer at a time")
	}
	e.StartPropagation(w, b, dHidden, frozen)
	for more := true; more; _, more = e.PropagateLayer(w) {
	}
}

// StartPropagation prepares w for PropagateLayer, with the arguments of Propagate.
func (e *Encoder) StartPropagation(w *Workspace, b Batch, dHidden []float32, frozen Frozen) {
	if len(w.layers) == 0 || !w.Training || w.tokens != len(b.IDs) {
		panic("encoder: backward without a training forward pass")
	}
	if w.Precision == Int8 {
		panic("encoder: backward in integers of 8 bits")
	}
	if len(dHidden) != w.tokens*e.Config.Width() {
		panic("encoder: gradient of the hidden states has the wrong length")
	}
	w.arena.used = w.forward
	w.batch, w.frozen, w.next = b, frozen, len(w.layers)-1
	w.takeScratch(e.Config)
	if e.Config.Projection > 0 {
		w.next++
		copy(w.scratch.dprojected, dHidden)
	} else {
		copy(w.scratch.dy, dHidden)
	}
}

// PropagateLayer goes back through one layer, the last one first and the embeddings, -1, in the end; a projection is the
// layer above the last. It returns which,
// or false if there is none left that is trained. With gradient checkpointing, the parts of the gradients that belong to
// the layer, see Gradients.Layer, have to be collected before the next call.
func (e *Encoder) PropagateLayer(w *Workspace) (layer int, more bool) {
	defer runtime.KeepAlive(e)
	layer, embeddings := w.next, !w.frozen.Embeddings
	w.next--
	switch {
	case layer == len(w.layers):
		e.backwardProject(w)
		return layer, true
	case layer >= 0 && (embeddings || layer >= w.frozen.Layers):
		if w.GradientCheckpointing && layer < len(w.layers)-1 {
			e.recompute(layer, w)
		}
		packed := e.backward.of(e, false, w.Precision)
		e.backwardLayer(layer, &packed[layer], w, embeddings || layer > w.frozen.Layers)
		return layer, true
	case layer == -1 && embeddings:
		e.backwardEmbed(w)
		return layer, true
	}
	return layer, false
}

// recompute runs a layer forward once more, in the memory of the one above it, which has been gone back through.
func (e *Encoder) recompute(layer int, w *Workspace) {
	a, above := &w.layers[layer], w.layers[layer+1]
	above.x, above.y = a.x, a.y
	*a = above
	packed := e.forward.of(e, true, w.Precision)
	e.forwardLayer(layer, &packed[layer], w, w.batch)
}

// scratch is the memory of a backward pass, used for one layer after the other.
type scratch struct {
	dy   []float32 // (tokens, H): gradient of the layer's output, and in the end of its input
	dh   []float32 // (tokens, H)
	dup  []float32 // (tokens, F)
	dqkv []float32 // (tokens, 3H)

	dprojected []float32 // (tokens, Projection): gradient of what Forward returned
}

func (w *Workspace) takeScratch(c Config) {
	t, h := w.tokens, c.Hidden
	w.scratch = scratch{
		dy: w.arena.take(t * h), dh: w.arena.take(t * h), dup: w.arena.take(t * c.FFN), dqkv: w.arena.take(t * 3 * h),
		dprojected: w.arena.take(t * c.Projection),
	}
}

// backwardLayer turns dy from the gradient of a layer's y into that of its x, or into anything without input. The
// gradients that those of the weights will be made from take the place of activations that are needed no more: a.sum2,
// a.up, a.sum1 and a.qkv are now their own gradients, the sums without what skipped the layer.
func (e *Encoder) backwardLayer(i int, p *packedLayer, w *Workspace, input bool) {
	l, a, s, b := &e.weights.layers[i], &w.layers[i], &w.scratch, w.batch
	t, h, f := w.tokens, e.Config.Hidden, e.Config.FFN
	a.dnorms = w.takeZeros(4 * h)
	kernel.LayerNormBackward(s.dy, part(a.dnorms, 2, h), part(a.dnorms, 3, h), a.sum2, s.dy, l.norm2, a.mean2, a.rstd2, t, h)
	a.sum2, s.dy = s.dy, a.sum2
	skip := w.Dropout.residualBackward(b, place(dropFFN, i), h, a.sum2, s.dy)
	kernel.GemmPacked(t, a.sum2, h, &p.down, nil, s.dup, f)
	kernel.GELUBackward(s.dup, a.up, s.dup)
	a.up, s.dup = s.dup, a.up
	kernel.GemmPackedAdd(t, a.up, f, &p.up, nil, skip, h, s.dy, h)
	kernel.LayerNormBackward(s.dy, part(a.dnorms, 0, h), part(a.dnorms, 1, h), a.sum1, s.dy, l.norm1, a.mean1, a.rstd1, t, h)
	a.sum1, s.dy = s.dy, a.sum1
	skip = w.Dropout.residualBackward(b, place(dropContext, i), h, a.sum1, s.dy)
	kernel.GemmPacked(t, a.sum1, h, &p.out, nil, s.dh, h)
	e.backwardAttend(i, w)
	a.qkv, s.dqkv = s.dqkv, a.qkv
	if input {
		kernel.GemmPackedAdd(t, a.qkv, 3*h, &p.qkv, nil, skip, h, s.dy, h)
	}
}

// backwardAttend computes dqkv from dh, the gradient of a layer's context.
func (e *Encoder) backwardAttend(layer int, w *Workspace) {
	h, heads, a, s := e.Config.Hidden, e.Config.Heads, &w.layers[layer], &w.scratch
	for i := range w.batch.Sequences() {
		begin, end := w.batch.bounds(i)
		kernel.AttentionBackward(end-begin, heads, h/heads, a.qkv[begin*3*h:end*3*h], w.Dropout.attention(i, layer),
			s.dh[begin*h:end*h], s.dqkv[begin*3*h:end*3*h])
	}
}

// backwardEmbed turns dy from the gradient of the first layer's x into that of the sum of the embeddings.
func (e *Encoder) backwardEmbed(w *Workspace) {
	h, dy := e.Config.Hidden, w.scratch.dy
	w.dx, w.dnorm = dy, w.takeZeros(2*h)
	w.Dropout.hidden(w.batch, dropEmbeddings, h, dy)
	kernel.LayerNormBackward(dy, part(w.dnorm, 0, h), part(w.dnorm, 1, h), w.input, dy, e.weights.norm, w.mean, w.rstd, w.tokens, h)
}
