package train

import "github.com/ferry-clir/ferry/model/kernel"

// A head is weights that are trained beside the encoder's: they are clipped, saved and restored with them. What becomes
// of them after the run is the job's business.
type head struct {
	weights  []float32
	gradient []float32 // of the batch
	decays   bool      // by the weight decay
	rate     float64   // at which it learns, relative to the encoder's topmost layer
	index    int       // among the heads of the objective
}

// newHead makes a head that learns as fast as the encoder's topmost layer.
func newHead(weights []float32, decays bool) *head {
	return &head{weights: weights, gradient: make([]float32, len(weights)), decays: decays, rate: 1}
}

// addHead makes weights that are trained beside the encoder's.
func (o *objective) addHead(weights []float32, decays bool) *head {
	h := newHead(weights, decays)
	h.index = len(o.heads)
	o.heads = append(o.heads, h)
	return h
}

// gradient is where an inner loss adds its gradient of a head: that of the micro-batch alone.
func (m *microBatch) gradient(h *head) []float32 { return m.heads[h.index] }

// collectHeads adds the gradients of micro-batches, in their order.
func (t *trainer) collectHeads(parts []*microBatch) {
	t.each(len(t.objective.heads), func(i int) {
		for _, m := range parts {
			kernel.Add(t.objective.heads[i].gradient, m.heads[i])
		}
	})
}

// add has the optimiser train a head.
func (a *AdamW) add(h *head, weightDecay float64) {
	c := chunk{factor: h.rate}
	if h.decays {
		c.decay = float32(weightDecay)
	}
	a.cut(c, h.weights, h.gradient)
}
