package encoder

import "github.com/ferry-clir/ferry/model/kernel"

// AttentionReceived computes how much attention every token of b receives in the last layer: received, of (tokens), is the sum
// over the tokens of its sequence of their attention to it times their weights, of (tokens) too, in the mean over the heads. It is
// the attention before dropout. The last Forward with w must have been that of b, with no Backward or Propagate since; its
// probabilities are worked out again, as they are not kept, which costs less than the attention of that layer did.
func (e *Encoder) AttentionReceived(w *Workspace, b Batch, weights, received []float32) {
	h, heads, qkv := e.Config.Hidden, e.Config.Heads, w.layers[len(w.layers)-1].qkv
	for i := range b.Sequences() {
		begin, end := b.bounds(i)
		kernel.AttentionReceived(end-begin, heads, h/heads, qkv[begin*3*h:end*3*h], weights[begin:end], received[begin:end])
	}
}
