package encoder

import (
	"math"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
)

// Frozen says which weights are not trained. Backward skips the work that only they would need.
type Frozen struct {
	Embeddings bool // everything below the first layer: words, positions, token types and their normalisation
	Layers     int  // this many layers, from the lowest
	Projection bool // what comes after the last layer, if there is one

	// Matrices, unless 0, are the only matrices of the other layers that are trained. The layers' vectors have gradients all
	// the same.
	Matrices Matrices
}

// Matrices is a set of matrices of a layer.
type Matrices uint8

// The matrices of a layer.
const (
	Output          Matrices = 1 << down
	Intermediate    Matrices = 1 << up
	QKV             Matrices = 1 << qkv // query, key and value, which are computed together
	AttentionOutput Matrices = 1 << out
)

// has tells whether a matrix of the layers that are trained is trained.
func (f Frozen) has(which what) bool { return f.Matrices == 0 || f.Matrices&(1<<which) != 0 }

// matrices are the places of a trained layer's matrices that are frozen.
func (f Frozen) matrices(l *layer) (all []*[]float32) {
	for which, place := range []*[]float32{down: &l.down, up: &l.up, qkv: &l.qkv, out: &l.out} {
		if !f.has(what(which)) {
			all = append(all, place)
		}
	}
	return all
}

// Gradients holds the sum of what Backward has added since Zero.
type Gradients struct {
	Frozen Frozen
	Words  Rows // of the word embeddings

	config     Config
	sums       weights // tensors of frozen weights and of words are nil
	parameters []Parameter
	pieces     []piece
}

// NewGradients makes gradients of 0 for the weights that are not frozen.
func (e *Encoder) NewGradients(frozen Frozen) *Gradients {
	g := &Gradients{Frozen: frozen, config: e.Config, sums: weights{layers: make([]layer, e.Config.Layers)}}
	if !frozen.Embeddings {
		allocate(g.sums.embeddings(e.Config)[1:])
		g.Words = newRows(e.Config)
	}
	for i := max(0, frozen.Layers); i < e.Config.Layers; i++ {
		l := &g.sums.layers[i]
		without := frozen.matrices(l)
		allocate(slices.DeleteFunc(l.slots(nil, "", e.Config), func(s slot) bool { return slices.Contains(without, s.in) }))
	}
	if !frozen.Projection {
		allocate(g.sums.projectionSlots(e.Config))
	}
	g.parameters, g.pieces = g.sums.parameters(e.Config), newPieces(e.Config, frozen)
	return g
}

// Parameters returns views of the gradients in the order of Encoder.Parameters, with the same names and shapes. Data is
// nil where the weight is frozen, and for the word embeddings, whose gradient is in Words.
func (g *Gradients) Parameters() []Parameter { return g.parameters }

// Zero makes all gradients 0.
func (g *Gradients) Zero() {
	for _, p := range g.parameters {
		clear(p.Data)
	}
	g.Words.zero()
}

// Norm is the Euclidean norm of all gradients together.
func (g *Gradients) Norm() float64 {
	sum := kernel.SumSquares(g.Words.Data)
	for _, p := range g.parameters {
		sum += kernel.SumSquares(p.Data)
	}
	return math.Sqrt(sum)
}

// Rows holds some rows of a matrix of which the others are 0.
type Rows struct {
	IDs  []int32   // the rows there are, in the order in which they first occurred
	Data []float32 // (len(IDs), width)

	width int
	place []int32 // of every row of the matrix: 1 + its index in IDs, or 0
}

func newRows(c Config) Rows {
	return Rows{width: c.Hidden, place: make([]int32, c.Vocabulary)}
}

// row returns the row of id, which is 0 at first. It is valid until the next call.
func (r *Rows) row(id int32) []float32 {
	if r.place[id] == 0 {
		r.IDs = append(r.IDs, id)
		r.place[id] = int32(len(r.IDs))
		n := len(r.Data)
		if n+r.width > cap(r.Data) {
			r.Data = append(make([]float32, 0, 2*n+r.width), r.Data...)
		}
		r.Data = r.Data[:n+r.width]
		clear(r.Data[n:])
	}
	return part(r.Data, int(r.place[id]-1), r.width)
}

func (r *Rows) zero() {
	for _, id := range r.IDs {
		r.place[id] = 0
	}
	r.IDs, r.Data = r.IDs[:0], r.Data[:0]
}
