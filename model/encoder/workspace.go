package encoder

import "github.com/ferry-clir/ferry/model/kernel"

// Precision is what both operands of a product are rounded to; sums and results are float32. See package kernel.
type Precision = kernel.Precision

// The precisions.
const (
	Float32  = kernel.Float32
	BFloat16 = kernel.BFloat16
	Int8     = kernel.Int8
)

// A Workspace is the memory of one goroutine that runs an encoder. It grows to what the largest batch needs and is then
// reused, so that Forward and Backward allocate nothing.
type Workspace struct {
	// Training makes Forward keep what Backward needs: for every token and layer 8*Hidden + 2*FFN numbers.
	Training bool
	// Precision is that of the products with weight matrices and of their gradients; all else is float32. Backward does
	// not take Int8.
	Precision Precision
	// Dropout is what Forward drops. Backward relies on its being as it was.
	Dropout Dropout
	// GradientCheckpointing, with Training, makes Forward keep only the input of every layer, Hidden numbers a token, and
	// Backward run each layer forward once more (arXiv 1604.06174). The gradients are the same to the bit.
	GradientCheckpointing bool

	arena   arena
	forward int           // end of what Forward has taken from the arena
	input   []float32     // (tokens, H): sum of the embeddings
	mean    []float32     // (tokens): of the rows of input
	rstd    []float32     // (tokens)
	layers  []activations // one a layer; all share one memory but for x and y, unless they are kept for Backward
	hidden  []float32     // (tokens, H): the last layer's output
	tokens  int

	projected []float32 // (tokens, Projection): what Forward returned, if there is a projection

	propagation
}

// propagation is the state of a backward pass, and what it leaves beside the layers' gradients.
type propagation struct {
	batch   Batch
	frozen  Frozen
	next    int // layer to go back through; -1 is the embeddings
	scratch scratch
	dx      []float32 // (tokens, H): gradient of input
	dnorm   []float32 // (2, H): of the embeddings' normalisation
}

// activations are the intermediate values of one layer for all tokens. Without training, some share their memory.
type activations struct {
	x            []float32 // (tokens, H): input
	qkv          []float32 // (tokens, 3H): query, key and value of every token
	context      []float32 // (tokens, H): weighted values, heads side by side
	sum1         []float32 // (tokens, H): attention output + x, before normalisation
	mean1, rstd1 []float32 // (tokens)
	middle       []float32 // (tokens, H): after the first normalisation
	up           []float32 // (tokens, F): before GELU
	gelu         []float32 // (tokens, F)
	sum2         []float32 // (tokens, H): feed-forward output + middle, before normalisation
	mean2, rstd2 []float32 // (tokens)
	y            []float32 // (tokens, H): output, the next layer's x
	dnorms       []float32 // (4, H): after Propagate, gradients of norm1, norm1Bias, norm2 and norm2Bias
}

// NewWorkspace returns an empty workspace.
func NewWorkspace() *Workspace { return new(Workspace) }

// prepare lays out the memory of a forward pass over b. It does so once more if there was too little of it, to allocate
// it, with that of a backward pass, as one slab.
func (w *Workspace) prepare(c Config, b Batch) {
	w.tokens = len(b.IDs)
	w.arena.dry = true
	w.layOut(c)
	if w.Training {
		w.takeScratch(c)
		w.arena.take((4*c.Layers + 2) * (c.Hidden + 15)) // gradients of normalisations
	}
	w.arena.dry = false
	w.arena.reserve()
	w.layOut(c)
}

func (w *Workspace) layOut(c Config) {
	t, h := w.tokens, c.Hidden
	w.arena.used = 0
	w.input, w.mean, w.rstd = w.arena.take(t*h), w.arena.take(t), w.arena.take(t)
	w.hidden, w.projected = w.arena.take(t*h), w.arena.take(t*c.Projection)
	w.layers = w.layers[:0]
	for i := range c.Layers {
		var a activations
		if i == 0 || w.Training && !w.GradientCheckpointing {
			a = w.takeLayer(c)
		} else {
			a = w.layers[0]
		}
		a.x = w.hidden
		if w.Training {
			w.hidden = w.arena.take(t * h)
		}
		a.y = w.hidden
		w.layers = append(w.layers, a)
	}
	w.forward = w.arena.used
}

// takeLayer takes the memory of one layer but for x and y.
func (w *Workspace) takeLayer(c Config) activations {
	t, h := w.tokens, c.Hidden
	a := activations{
		qkv:     w.arena.take(t * 3 * h),
		context: w.arena.take(t * h),
		sum1:    w.arena.take(t * h),
		mean1:   w.arena.take(t),
		rstd1:   w.arena.take(t),
		middle:  w.arena.take(t * h),
		up:      w.arena.take(t * c.FFN),
	}
	if w.Training {
		a.gelu, a.sum2 = w.arena.take(t*c.FFN), w.arena.take(t*h)
		a.mean2, a.rstd2 = w.arena.take(t), w.arena.take(t)
	} else {
		a.gelu, a.sum2, a.mean2, a.rstd2 = a.up, a.sum1, a.mean1, a.rstd1
	}
	return a
}

// An arena hands out parts of one slab. What the slab is too short for is allocated on the spot.
type arena struct {
	slab []float32
	used int
	dry  bool // nothing is handed out, only counted
}

// take returns n elements that hold anything.
func (a *arena) take(n int) []float32 {
	begin := a.used
	a.used += (n + 15) &^ 15 // whole cache lines
	if a.dry {
		return nil
	}
	if a.used > len(a.slab) {
		return make([]float32, n)
	}
	return a.slab[begin : begin+n : begin+n]
}

func (w *Workspace) takeZeros(n int) []float32 {
	x := w.arena.take(n)
	clear(x)
	return x
}

// reserve makes the slab long enough for what was counted, and for a batch that is a little longer.
func (a *arena) reserve() {
	if a.used > len(a.slab) {
		a.slab = nil // free at once
		a.slab = make([]float32, a.used+a.used/16)
	}
}
