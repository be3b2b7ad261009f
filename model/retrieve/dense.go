package retrieve

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/ferry-clir/ferry/model/kernel"
)

// Dense is an exact search by the dot product of one vector a query with one
// vector a document. Where there are instructions for it, vectors are compared
// rounded to bytes, and only pairs that may be among the best are compared as
// they are: see rounded.
type Dense struct {
	search
	bytes   bool      // compared first
	shared  []float32 // by documents: see rounded
	asked   []asked   // (queries)
	rests   []float32 // (queries, d)
	blocks  []denseBlock
	workers []denseWorker
}

// A denseBlock is some documents that are compared with all queries.
type denseBlock struct {
	rounded
	documents []Document
	vectors   []float32 // (documents, d)
	odd       int       // the first row with a vector that is unbounded, or -1
	packed    sync.Once
	all       kernel.Packed // of vectors
}

// A denseWorker is where a worker compares.
type denseWorker struct {
	scores []float32 // (tileRows, documents of a block)
	rows   []int32   // of documents that may be among the best of a query, for one query of the tile after the other
	ends   []int     // of them
	exact  exactly
}

// chunkRows is the most document vectors in a block: 3 MiB at 384 dimensions, a
// quarter of that in bytes. tileRows is the number of query vectors in one
// product with them; the scores of a tile take 384 KiB a worker. One of so many
// pairs is compared twice, with its vector laid out for it alone, in the time
// that all pairs take as they are.
const (
	chunkRows = 2048
	tileRows  = 48
	manyPairs = 16
)

// NewDense returns a search for the best k documents of each of the queries,
// which are (rows, d) and may not change while it is used; exclude may be nil.
// A query vector with a number that is not finite is an error that names its
// row.
func NewDense(queries []float32, d, k int, exclude Exclude) (*Dense, error) {
	rows := 0
	if d > 0 {
		rows = len(queries) / d
	}
	common, err := newSearch(queries, rows, rows, d, k, exclude)
	if err != nil {
		return nil, err
	}
	return &Dense{search: common, bytes: d <= byteDimensions && kernel.MultiplyAdd(kernel.Int8, 1) > 0}, nil
}

func (s *Dense) query(i int) []float32 { return s.queries[i*s.d : (i+1)*s.d] }

// Add compares a block of documents with all queries, on workers goroutines
// (at least one). The vectors are (len(documents), d). A vector with a number
// that is not finite is an error that names document and row; after an error,
// that of ctx included, the results are of no use. Nothing of the arguments is
// kept.
func (s *Dense) Add(ctx context.Context, documents []Document, vectors []float32, workers int) error {
	if len(vectors) != len(documents)*s.d {
		return fmt.Errorf("searching: %d numbers are not %d document vectors of %d dimensions", len(vectors), len(documents), s.d)
	}
	workers = max(1, workers)
	if len(s.workers) < workers {
		s.workers, s.blocks = make([]denseWorker, workers), make([]denseBlock, workers)
	}
	if s.bytes && s.shared == nil && len(documents) > 0 {
		s.share(vectors[:min(len(documents), chunkRows)*s.d])
	}
	for from := 0; from < len(documents); from += workers * chunkRows {
		to := min(len(documents), from+workers*chunkRows)
		if err := s.compare(ctx, documents[from:to], from, vectors[from*s.d:to*s.d], workers); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// share makes the direction of the first documents that which all share.
func (s *Dense) share(vectors []float32) {
	s.shared, s.rests = shared(vectors, s.d), make([]float32, len(s.queries))
	for i := range s.tops {
		s.asked = append(s.asked, newAsked(s.rests[i*s.d:(i+1)*s.d], s.query(i), s.shared))
	}
}

// compare offers documents, the first of which is row row of those added, to all
// queries, a block a worker.
func (s *Dense) compare(ctx context.Context, documents []Document, row int, vectors []float32, workers int) error {
	size := (len(documents) + workers - 1) / workers
	blocks := s.blocks[:(len(documents)+size-1)/size]
	err := inParallel(ctx, len(documents), size, workers, func(_, from, to int) {
		s.fill(&blocks[from/size], documents[from:to], vectors[from*s.d:to*s.d])
	})
	if err != nil {
		return err
	}
	for i := range blocks {
		if b := &blocks[i]; b.odd >= 0 {
			return fmt.Errorf("searching: the vector of document %q (row %d) has a number that is not finite or too large", b.documents[b.odd].ID, row+i*size+b.odd)
		}
	}
	return inParallel(ctx, len(s.tops), tileRows, workers, func(worker, from, to int) {
		for i := range blocks {
			s.tile(&s.workers[worker], &blocks[i], from, to)
		}
	})
}

// fill makes b of documents.
func (s *Dense) fill(b *denseBlock, documents []Document, vectors []float32) {
	b.documents, b.vectors, b.packed = documents, vectors, sync.Once{}
	if s.bytes {
		b.odd = b.round(vectors, s.shared)
	} else {
		b.odd = unbounded(vectors, s.d)
	}
}

// tile offers the documents of a block to the queries from and up to to.
func (s *Dense) tile(w *denseWorker, b *denseBlock, from, to int) {
	n := len(b.documents)
	if !s.bytes || !s.few(w, b, from, to) {
		b.packed.Do(func() { b.all.Repack(true, n, s.d, b.vectors, s.d) })
		s.product(w, s.queries, from, to, &b.all)
		for query := from; query < to; query++ {
			scores := w.scores[(query-from)*n:][:n]
			w.rows = appendAtLeast(w.rows[:0], scores, s.tops[query].lowest())
			for _, row := range w.rows {
				s.offer(query, b.documents[row], scores[row])
			}
		}
		return
	}
	begin := 0
	for i, end := range w.ends {
		rows := w.rows[begin:end]
		for j, score := range w.exact.score(s.query(from+i), b.vectors, rows) {
			s.offer(from+i, b.documents[rows[j]], score)
		}
		begin = end
	}
}

// few finds the documents that may be among the best of queries by their bytes,
// and reports whether it is worth while to compare these only.
func (s *Dense) few(w *denseWorker, b *denseBlock, from, to int) bool {
	for query := from; query < to; query++ {
		if math.IsInf(float64(s.tops[query].lowest()), -1) {
			return false // all are among the best
		}
	}
	n := len(b.documents)
	s.product(w, s.rests, from, to, &b.rounded.packed)
	w.rows, w.ends = w.rows[:0], w.ends[:0]
	for query := from; query < to; query++ {
		scores := w.scores[(query-from)*n:][:n]
		b.addAlong(scores, &s.asked[query])
		w.rows = b.appendAbove(w.rows, scores, &s.asked[query], s.tops[query].lowest())
		if w.ends = append(w.ends, len(w.rows)); len(w.rows) > (to-from)*n/manyPairs {
			return false
		}
	}
	return true
}

// product writes the dot products of queries with packed documents.
func (s *Dense) product(w *denseWorker, queries []float32, from, to int, b *kernel.Packed) {
	n := (to - from) * b.Columns()
	w.scores = slices.Grow(w.scores[:0], n)[:n]
	kernel.GemmPacked(to-from, queries[from*s.d:to*s.d], s.d, b, nil, w.scores, b.Columns())
}
