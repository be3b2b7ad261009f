package retrieve

import (
	"math"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
)

// rounded is consecutive documents with vectors that are rounded to bytes, which are compared four times as fast as
// numbers of 32 bits and tell which documents may be among the best: it is known how far each score may be off. The
// part of the vectors along a direction that they share is not rounded, so that the rest is smaller, and off by less.
type rounded struct {
	along  []float32     // the part along the direction
	packed kernel.Packed // the rest
	norms  []float32     // lengths of the rest
	norm   float32       // the largest of them
	off    float32       // the largest of packed.Int8Errors()
	size   float32       // the largest length of the vectors
	rest   []float32     // (rows, d)
}

// byteDimensions is the most that products of bytes have: see kernel.Packed.
const byteDimensions = 1 << 16

// shared returns the direction of the mean of vectors, (rows, d), as a vector of length 1, or zeros.
func shared(vectors []float32, d int) []float32 {
	mean := make([]float32, d)
	kernel.AddRows(mean, vectors, len(vectors)/d)
	if norm := math.Sqrt(kernel.SumSquares(mean)); norm > 1e-30 && norm < 1e30 {
		kernel.Scale(float32(1/norm), mean)
	} else {
		clear(mean)
	}
	return mean
}

// divide returns the part of a vector along a direction, and puts the rest into rest.
func divide(rest, vector, direction []float32) (along float32) {
	along = kernel.Dot(vector, direction)
	copy(rest, vector)
	kernel.Axpy(-along, direction, rest)
	return along
}

// round makes r of vectors, (rows, d). It returns the first row that is unbounded, or -1.
func (r *rounded) round(vectors, direction []float32) int {
	d := len(direction)
	r.along, r.norms, r.norm, r.off, r.size = r.along[:0], r.norms[:0], 0, 0, 0
	r.rest = slices.Grow(r.rest[:0], len(vectors))[:len(vectors)]
	for row := 0; row*d < len(vectors); row++ {
		vector, rest := vectors[row*d:(row+1)*d], r.rest[row*d:(row+1)*d]
		square := kernel.SumSquares(vector)
		if !bounded(square) {
			return row
		}
		r.along = append(r.along, divide(rest, vector, direction))
		r.norms = append(r.norms, length(rest))
		r.norm, r.size = max(r.norm, r.norms[row]), max(r.size, float32(math.Sqrt(square)))
	}
	r.packed.Precision = kernel.Int8
	r.packed.Repack(true, len(r.norms), d, r.rest, d)
	for _, off := range r.packed.Int8Errors() {
		r.off = max(r.off, off)
	}
	return -1
}

func length(x []float32) float32 { return float32(math.Sqrt(kernel.SumSquares(x))) }

// addAlong makes scores of the products of the rests.
func (r *rounded) addAlong(scores []float32, q *asked) { kernel.Axpy(q.along, r.along, scores) }

// appendAbove appends the rows that may have a score of at least so much.
func (r *rounded) appendAbove(rows []int32, scores []float32, q *asked, least float32) []int32 {
	kept := len(rows)
	rows = appendAtLeast(rows, scores, least-q.margin(r.norm, r.off, r.size))
	for _, row := range rows[kept:] {
		if scores[row]+r.margin(q, row) >= least {
			rows[kept] = row
			kept++
		}
	}
	return rows[:kept]
}

// margin is how far the score of a row may be off.
func (r *rounded) margin(q *asked, row int32) float32 {
	return q.margin(r.norms[row], r.packed.Int8Errors()[row], r.size)
}

// appendAtLeast appends the indices of the scores that are not below least.
func appendAtLeast(rows []int32, scores []float32, least float32) []int32 {
	rows = slices.Grow(rows, len(scores))
	return rows[:len(rows)+kernel.AtLeast(rows[len(rows):len(rows)+len(scores)], scores, least)]
}

// asked is a query that is compared with rounded documents.
type asked struct {
	along     float32 // the part along the direction
	norm, off float32 // length of the rest, and how far it is off
	float     float32 // what float32 takes off a score, of a document of length 1
}

// newAsked returns what there is to know about a query, and puts what is to be multiplied with documents into rest.
func newAsked(rest, query, direction []float32) asked {
	along := divide(rest, query, direction)
	// float32 is off by 2^-24 a step: there are d in an exact score, d in each part along the direction, and some more in
	// turning (see kernel.Int8) and scaling. A thousandth more is for the sums of squares.
	return asked{along, length(rest) * 1.001, kernel.Int8Error(rest) * 1.001, length(query) * float32(len(query)+64) * 4e-7}
}

// margin returns by how much the score of a document may be off, given the length of its rest, how far that is off, and
// the most that the document's length is.
func (q *asked) margin(norm, off, size float32) float32 {
	return q.off*(norm+off) + q.norm*off + q.float*size
}

// An exactly scores some rows of a matrix as a product with all of them would.
type exactly struct {
	vectors, scores []float32
	packed          kernel.Packed
}

// score returns the dot products of a query with those rows of vectors, (rows, d).
func (e *exactly) score(query, vectors []float32, rows []int32) []float32 {
	if len(rows) == 0 {
		return nil
	}
	d := len(query)
	e.vectors = e.vectors[:0]
	for _, row := range rows {
		e.vectors = append(e.vectors, vectors[int(row)*d:int(row+1)*d]...)
	}
	e.packed.Repack(true, len(rows), d, e.vectors, d)
	e.scores = slices.Grow(e.scores[:0], len(rows))[:len(rows)]
	kernel.GemmPacked(1, query, d, &e.packed, nil, e.scores, len(rows))
	return e.scores
}
