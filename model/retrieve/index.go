package retrieve

import (
	"context"
	"fmt"
	"slices"
	"sync"

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
	shared    []float32 // by documents: see rounded
	blocks    []indexBlock
	questions sync.Pool // of *question
}

// An indexBlock is some consecutive documents.
type indexBlock struct {
	rounded
	first int
}

// indexRows is the number of documents in a block: 6 MiB at 384 dimensions, three large pages.
const indexRows = 16384

// NewIndex makes an index of documents with vectors (len(documents), d), which
// it keeps, on workers goroutines. Errors are Dense.Add's.
func NewIndex(ctx context.Context, documents []Document, vectors []float32, d, workers int) (*Index, error) {
	if d < 1 || len(vectors) != len(documents)*d {
		return nil, fmt.Errorf("indexing: %d numbers are not %d vectors of %d dimensions", len(vectors), len(documents), d)
	}
	if d > byteDimensions {
		return nil, fmt.Errorf("indexing: vectors of %d dimensions; %d at most can be compared one question at a time", d, byteDimensions)
	}
	x := &Index{d: d, documents: documents, vectors: vectors, blocks: make([]indexBlock, (len(documents)+indexRows-1)/indexRows)}
	x.shared = shared(vectors[:min(len(documents), indexRows)*d], d)
	odd := make([]int, len(x.blocks))
	err := inParallel(ctx, len(x.blocks), 1, max(1, workers), func(_, i, _ int) {
		b := &x.blocks[i]
		b.first = i * indexRows
		part := vectors[b.first*d : min(len(documents), b.first+indexRows)*d]
		odd[i] = b.round(part, x.shared)
		b.packed.LargePages()
		kernel.LargePages(part)
	})
	if err != nil {
		return nil, err
	}
	for i, row := range odd {
		if row >= 0 {
			row += x.blocks[i].first
			return nil, fmt.Errorf("indexing: the vector of document %q (row %d) has a number that is not finite or too large", documents[row].ID, row)
		}
	}
	return x, nil
}

// A question is where Search compares, kept for the next one.
type question struct {
	asked
	rest   []float32 // (d)
	scores []float32 // (documents), by bytes
	least  []largest // one a worker: the least scores that its best documents have
	rows   [][]int32 // one a worker
	exact  exactly
}

// Search returns the best k documents for a vector, highest first.
func (x *Index) Search(ctx context.Context, query []float32, k, workers int) ([]Hit, error) {
	if len(query) != x.d || k < 1 {
		return nil, fmt.Errorf("searching: the best %d hits for a vector of %d dimensions, among vectors of %d", k, len(query), x.d)
	}
	if unbounded(query, x.d) >= 0 {
		return nil, fmt.Errorf("searching: the query's vector has a number that is not finite or too large")
	}
	q, _ := x.questions.Get().(*question)
	if q == nil {
		q = new(question)
	}
	defer x.questions.Put(q)
	least, err := x.compare(ctx, q, query, k, max(1, workers))
	if err != nil {
		return nil, err
	}
	rows := q.rows[0][:0]
	for i := range x.blocks {
		b, from := &x.blocks[i], len(rows)
		rows = b.appendAbove(rows, q.scores[b.first:b.first+len(b.norms)], &q.asked, least)
		for j := from; j < len(rows); j++ {
			rows[j] += int32(b.first)
		}
	}
	q.rows[0] = rows
	return x.best(q, query, rows, least, k), nil
}

// best returns the best k of rows, which are all that may be among them: k rows have a score of at least so much for certain. How
// much these have leaves out most of the others, which are not compared.
func (x *Index) best(q *question, query []float32, rows []int32, least float32, k int) []Hit {
	top, certain := NewTopK(k), 0
	for i, row := range rows {
		if q.scores[row]-x.margin(q, row) >= least {
			rows[i], rows[certain] = rows[certain], row
			certain++
		}
	}
	x.add(&top, q, query, rows[:certain])
	least = top.lowest()
	x.add(&top, q, query, slices.DeleteFunc(rows[certain:], func(row int32) bool { return q.scores[row]+x.margin(q, row) < least }))
	return top.Hits()
}

// margin is how far the score of a row may be off.
func (x *Index) margin(q *question, row int32) float32 {
	b := &x.blocks[row/indexRows]
	return b.margin(&q.asked, row-int32(b.first))
}

// add adds rows with their exact scores.
func (x *Index) add(top *TopK, q *question, query []float32, rows []int32) {
	for i, score := range q.exact.score(query, x.vectors, rows) {
		top.Add(Hit{x.documents[rows[i]], score})
	}
}

// compare fills in the scores of all documents by bytes. It returns the least
// score that the best k have.
func (x *Index) compare(ctx context.Context, q *question, query []float32, k, workers int) (float32, error) {
	q.scores = slices.Grow(q.scores[:0], len(x.documents))[:len(x.documents)]
	q.least, q.rows = make([]largest, workers), slices.Grow(q.rows, workers)[:workers]
	for i := range q.least {
		q.least[i].n = k
	}
	q.rest = slices.Grow(q.rest[:0], x.d)[:x.d]
	q.asked = newAsked(q.rest, query, x.shared)
	err := inParallel(ctx, len(x.blocks), 1, workers, func(worker, i, _ int) {
		b, least := &x.blocks[i], &q.least[worker]
		n := len(b.norms)
		scores := q.scores[b.first : b.first+n]
		kernel.GemmPacked(1, q.rest, x.d, &b.packed, nil, scores, n)
		b.addAlong(scores, &q.asked)
		q.rows[worker] = appendAtLeast(q.rows[worker][:0], scores, least.least())
		for _, row := range q.rows[worker] {
			least.add(scores[row] - b.margin(&q.asked, row))
		}
	})
	for _, other := range q.least[1:] {
		for _, value := range other.values {
			q.least[0].add(value)
		}
	}
	return q.least[0].least(), err
}
