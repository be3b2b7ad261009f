package retrieve

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
)

// An Index holds documents in memory for questions that come one at a time. It
// finds what Dense finds, to the bit, with a fraction of the memory traffic: it
// compares vectors rounded to bytes first, knows how far each score may be off,
// and compares those again that could be among the best.
type Index struct {
	d         int
	documents []Document
	vectors   []float32 // (documents, d)
	blocks    []indexBlock
}

// An indexBlock is some consecutive documents.
type indexBlock struct {
	first  int
	packed kernel.Packed // bytes
	norms  []float32
	errors []float32 // see kernel.Int8Error
}

// indexRows is the number of documents in a block: 3 MiB at 384 dimensions.
const indexRows = 8192

// NewIndex makes an index of documents with vectors (len(documents), d), which
// it keeps, on workers goroutines. Errors are Dense.Add's.
func NewIndex(ctx context.Context, documents []Document, vectors []float32, d, workers int) (*Index, error) {
	if d < 1 || len(vectors) != len(documents)*d {
		return nil, fmt.Errorf("indexing: %d numbers are not %d vectors of %d dimensions", len(vectors), len(documents), d)
	}
	if row := unbounded(vectors, d); row >= 0 {
		return nil, fmt.Errorf("indexing: the vector of document %q (row %d) has a number that is not finite or too large", documents[row].ID, row)
	}
	x := &Index{d: d, documents: documents, vectors: vectors, blocks: make([]indexBlock, (len(documents)+indexRows-1)/indexRows)}
	err := inParallel(ctx, len(x.blocks), 1, max(1, workers), func(_, i, _ int) {
		b := &x.blocks[i]
		b.first = i * indexRows
		n := min(indexRows, len(documents)-b.first)
		rows := vectors[b.first*d : (b.first+n)*d]
		b.packed.Precision = kernel.Int8
		b.packed.Repack(true, n, d, rows, d)
		for row := range n {
			v := rows[row*d : (row+1)*d]
			b.norms = append(b.norms, float32(math.Sqrt(kernel.SumSquares(v))))
			b.errors = append(b.errors, kernel.Int8Error(v))
		}
	})
	return x, err
}

// Search returns the best k documents for a vector, highest first.
func (x *Index) Search(ctx context.Context, query []float32, k, workers int) ([]Hit, error) {
	if len(query) != x.d || k < 1 {
		return nil, fmt.Errorf("searching: the best %d hits for a vector of %d dimensions, among vectors of %d", k, len(query), x.d)
	}
	if unbounded(query, x.d) >= 0 {
		return nil, fmt.Errorf("searching: the query's vector has a number that is not finite or too large")
	}
	scores := make([]float32, len(x.documents)) // the most that each may have
	lowest := make([][]float32, len(x.blocks))  // the least that the best k of a block have
	// A thousandth more leaves room for the rounding of scores to float32.
	norm, off := float32(math.Sqrt(kernel.SumSquares(query))), kernel.Int8Error(query)
	norm, off = norm*1.001, off*1.001+norm*float32(x.d)*2e-7
	err := inParallel(ctx, len(x.blocks), 1, max(1, workers), func(_, i, _ int) {
		b := &x.blocks[i]
		n := len(b.norms)
		most := scores[b.first : b.first+n]
		kernel.GemmPacked(1, query, x.d, &b.packed, nil, most, n)
		best := newLargest(k)
		for row, score := range most {
			most[row] = score + off*(b.norms[row]+b.errors[row]) + norm*b.errors[row]
			best.add(2*score - most[row])
		}
		lowest[i] = best.values
	})
	if err != nil {
		return nil, err
	}
	threshold := newLargest(k)
	for _, values := range lowest {
		for _, value := range values {
			threshold.add(value)
		}
	}
	return x.rescore(query, scores, threshold.least(), k), nil
}

// rescore compares a vector with the documents that may have a score of at least so much.
func (x *Index) rescore(query, most []float32, least float32, k int) []Hit {
	var rows []int
	var vectors []float32
	for row, score := range most {
		if score >= least {
			rows = append(rows, row)
			vectors = append(vectors, x.vectors[row*x.d:(row+1)*x.d]...)
		}
	}
	scores := make([]float32, len(rows))
	kernel.GemmPacked(1, query, x.d, kernel.Pack(true, len(rows), x.d, vectors, x.d), nil, scores, len(rows))
	top := NewTopK(k)
	for i, row := range rows {
		top.Add(Hit{x.documents[row], scores[i]})
	}
	return top.Hits()
}

// largest keeps the n largest values of those added, smallest first.
type largest struct {
	n      int
	values []float32
}

func newLargest(n int) *largest { return &largest{n: n} }

// least is the smallest of n values, minus infinity if there are fewer.
func (l *largest) least() float32 {
	if len(l.values) < l.n {
		return float32(math.Inf(-1))
	}
	return l.values[0]
}

func (l *largest) add(value float32) {
	if len(l.values) == l.n {
		if value <= l.values[0] {
			return
		}
		l.values = append(l.values[:0], l.values[1:]...)
	}
	at, _ := slices.BinarySearch(l.values, value)
	l.values = slices.Insert(l.values, at, value)
}
