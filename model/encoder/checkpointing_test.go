package encoder

import (
	"slices"
	"testing"
)

// TestGradientCheckpointing checks that hidden states and gradients are the same to the bit as when all activations are
// kept, dropout and frozen weights included, whether Backward does it or several workspaces go back side by side.
func TestGradientCheckpointing(t *testing.T) {
	c := NewConfig(XLMRoBERTa, 24, 4, 3, 40, 50, 40)
	e := sharpen(New(c, 1)).WithProjection(waves(9*24), waves(9))
	batches := []Batch{randomBatch(c, 1, 5, 40, 1), randomBatch(c, 2, 17), randomBatch(c, 3, 3, 3)}
	for _, frozen := range []Frozen{{}, {Embeddings: true}, {Layers: 2}, {Embeddings: true, Layers: 1, Matrices: QKV}, {Embeddings: true, Layers: 4}, {Projection: true}} {
		for _, p := range []float32{0, 0.2} {
			for _, precision := range []Precision{Float32, BFloat16} {
				forward := func(w *Workspace, i int) []float32 {
					w.Training, w.Precision, w.Dropout = true, precision, Dropout{p, p, []uint64{1, 2, 3}[:batches[i].Sequences()]}
					return e.Forward(w, batches[i])
				}
				kept, checkpointed, stepped := e.NewGradients(frozen), e.NewGradients(frozen), e.NewGradients(frozen)
				w, less, all := NewWorkspace(), NewWorkspace(), []*Workspace{}
				less.GradientCheckpointing = true
				for i, b := range batches {
					hidden := forward(w, i)
					if !slices.Equal(hidden, forward(less, i)) {
						t.Error("checkpointing changes the hidden states")
					}
					upstream := waves(len(hidden))
					e.Backward(w, b, upstream, kept)
					e.Backward(less, b, upstream, checkpointed)
					each := NewWorkspace()
					each.GradientCheckpointing = true
					forward(each, i)
					e.StartPropagation(each, b, upstream, frozen)
					all = append(all, each)
				}
				collectByLayer(e, stepped, all)
				for what, g := range map[string]*Gradients{"Backward": checkpointed, "PropagateLayer": stepped} {
					for i, p := range g.Parameters() {
						if !slices.Equal(dense(g, p), dense(kept, kept.Parameters()[i])) {
							t.Errorf("%+v, dropout %+v, precision %v, %s: the gradient of %s differs", frozen, p, precision, what, p.Name)
						}
					}
				}
			}
		}
	}
}

// collectByLayer goes back through all layers of several workspaces side by side.
func collectByLayer(e *Encoder, g *Gradients, all []*Workspace) {
	for {
		layer, more := 0, false
		for _, w := range all {
			layer, more = e.PropagateLayer(w)
		}
		if !more {
			return
		}
		for i := range g.Parts() {
			if g.Layer(i) == layer {
				g.Collect(i, true, all...)
			}
		}
	}
}

// TestCheckpointingMemory checks what a pass over twelve layers takes: a fifth.
func TestCheckpointingMemory(t *testing.T) {
	c := NewConfig(BERT, 32, 12, 4, 128, 50, 100)
	e, b := New(c, 1), randomBatch(c, 1, 100, 30)
	kept, less := stepMemory(e, b, false), stepMemory(e, b, true)
	if less > kept/5 {
		t.Errorf("checkpointing takes %.2f MB instead of %.2f", less, kept)
	}
	w := NewWorkspace()
	w.Training, w.GradientCheckpointing = true, true
	hidden := e.Forward(w, b)
	if !panics(func() { e.Propagate(w, b, hidden, Frozen{}) }) {
		t.Error("Propagate takes a workspace with checkpointing")
	}
}

// stepMemory returns the MB of a workspace after a pass forward and backward.
func stepMemory(e *Encoder, b Batch, checkpointing bool) float64 {
	w, g := NewWorkspace(), e.NewGradients(Frozen{})
	w.Training, w.GradientCheckpointing = true, checkpointing
	hidden := e.Forward(w, b)
	e.Backward(w, b, waves(len(hidden)), g)
	return float64(4*w.arena.used) / 1e6
}
