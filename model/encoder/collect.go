package encoder

import (
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
)

// A piece is a part of all gradients that is computed at once: some rows of a matrix, the vectors of a layer, or all
// that belongs to the embeddings.
type piece struct {
	what        what
	layer       int // -1 for the embeddings, the number of layers for a projection
	first, rows int // of a matrix
}

type what int

const (
	down what = iota
	up
	qkv
	out
	projection
	vectors
	embeddings
)

// pieceRows is the most rows of a matrix in a piece: few enough that all threads have work until the end, and that a
// piece stays in the cache while one batch after the other is added to it.
const pieceRows = 384

// newPieces lists the pieces of what is not frozen, the long ones first.
func newPieces(c Config, frozen Frozen) []piece {
	var list []piece
	for i := max(0, frozen.Layers); i < c.Layers; i++ {
		for which, rows := range []int{down: c.Hidden, up: c.FFN, qkv: 3 * c.Hidden, out: c.Hidden} {
			for first := 0; first < rows && frozen.has(what(which)); first += pieceRows {
				list = append(list, piece{what(which), i, first, min(pieceRows, rows-first)})
			}
		}
		list = append(list, piece{what: vectors, layer: i})
	}
	if !frozen.Embeddings {
		list = append(list, piece{what: embeddings, layer: -1})
	}
	if c.Projection > 0 && !frozen.Projection {
		list = append(list, piece{what: projection, layer: c.Layers})
	}
	slices.SortStableFunc(list, func(a, b piece) int { return int(a.what) - int(b.what) })
	return list
}

// Parts is the number of parts that Collect splits all gradients into. Those of different parts share nothing.
func (g *Gradients) Parts() int { return len(g.pieces) }

// Layer returns the layer that a part belongs to, -1 for the embeddings, or the number of layers for
// the projection.
func (g *Gradients) Layer(part int) int { return g.pieces[part].layer }

// Collect computes one part of the gradients from what Propagate left in the workspaces, and adds it to that part, or
// overwrites it. The sum goes over the workspaces in order: to collect all at once or some and then others is the same
// to the bit.
func (g *Gradients) Collect(part int, overwrite bool, from ...*Workspace) {
	p := &g.pieces[part]
	switch p.what {
	case vectors:
		g.collectVectors(&g.sums.layers[p.layer], p.layer, overwrite, from)
	case projection:
		g.collectProjection(overwrite, from)
	case embeddings:
		g.collectEmbeddings(overwrite, from)
	default:
		g.collectMatrix(p, overwrite, from)
	}
}

// collectMatrix computes dy'*x for some columns of dy.
func (g *Gradients) collectMatrix(p *piece, overwrite bool, from []*Workspace) {
	l, h, f := &g.sums.layers[p.layer], g.config.Hidden, g.config.FFN
	for i, w := range from {
		a := &w.layers[p.layer]
		var sum, dy, x []float32
		outputs, inputs := h, h
		switch p.what {
		case down:
			sum, dy, x, inputs = l.down, a.sum2, a.gelu, f
		case up:
			sum, dy, x, outputs = l.up, a.up, a.middle, f
		case qkv:
			sum, dy, x, outputs = l.qkv, a.qkv, a.x, 3*h
		case out:
			sum, dy, x = l.out, a.sum1, a.context
		}
		sum = sum[p.first*inputs : (p.first+p.rows)*inputs]
		if overwrite && i == 0 {
			clear(sum)
		}
		kernel.GemmTransposedAdd(w.Precision, p.rows, inputs, w.tokens, dy[p.first:], outputs, x, inputs, sum, inputs)
	}
}

// collectVectors computes the gradients of a layer's biases, sums over the rows of dy, and of its normalisations.
func (g *Gradients) collectVectors(l *layer, index int, overwrite bool, from []*Workspace) {
	if overwrite {
		for _, x := range [...][]float32{l.downBias, l.upBias, l.outBias, l.qkvBias, l.norm1, l.norm1Bias, l.norm2, l.norm2Bias} {
			clear(x)
		}
	}
	h := g.config.Hidden
	for _, w := range from {
		a := &w.layers[index]
		kernel.AddRows(l.downBias, a.sum2[:w.tokens*h], w.tokens)
		kernel.AddRows(l.upBias, a.up[:w.tokens*g.config.FFN], w.tokens)
		kernel.AddRows(l.outBias, a.sum1[:w.tokens*h], w.tokens)
		kernel.AddRows(l.qkvBias, a.qkv[:w.tokens*3*h], w.tokens)
		for i, x := range [...][]float32{l.norm1, l.norm1Bias, l.norm2, l.norm2Bias} {
			kernel.Add(x, part(a.dnorms, i, h))
		}
	}
}

func (g *Gradients) collectEmbeddings(overwrite bool, from []*Workspace) {
	s, c, h := &g.sums, g.config, g.config.Hidden
	if overwrite {
		g.zeroEmbeddings()
	}
	for _, w := range from {
		for i := range w.batch.Sequences() {
			begin, end := w.batch.bounds(i)
			for t := begin; t < end; t++ {
				row := part(w.dx, t, h)
				kernel.Add(g.Words.row(w.batch.IDs[t]), row)
				kernel.Add(part(s.position, c.PositionOffset+t-begin, h), row)
				kernel.Add(part(s.tokenType, 0, h), row)
			}
		}
		kernel.Add(s.norm, part(w.dnorm, 0, h))
		kernel.Add(s.normBias, part(w.dnorm, 1, h))
	}
}

func (g *Gradients) zeroEmbeddings() {
	for _, x := range [...][]float32{g.sums.position, g.sums.tokenType, g.sums.norm, g.sums.normBias} {
		clear(x)
	}
	g.Words.zero()
}
