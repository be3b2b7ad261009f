package retrieve

import (
	"context"
	"fmt"
)

// Dense is an exact search by the dot product of one vector a query with one
// vector a document.
type Dense struct {
	search
}

// NewDense returns a search for the best k documents of each of the queries,
// which are (rows, d) and may not change while it is used; exclude may be nil.
// A query vector with a number that is not finite is an error that names its
// row.
func NewDense(queries []float32, d, k int, exclude Exclude) (*Dense, error) {
	rows := 0
	if d > 0 {
		rows = len(queries) / d
	}
	s, err := newSearch(queries, rows, rows, d, k, exclude)
	if err != nil {
		return nil, err
	}
	return &Dense{s}, nil
}

// Add compares a block of documents with all queries, on workers goroutines
// (at least one). The vectors are (len(documents), d). A vector with a number
// that is not finite is an error that names document and row; after an error,
// that of ctx included, the results are of no use. Nothing of the arguments is
// kept.
func (s *Dense) Add(ctx context.Context, documents []Document, vectors []float32, workers int) error {
	if len(vectors) != len(documents)*s.d {
		return fmt.Errorf("searching: %d numbers are not %d document vectors of %d dimensions", len(vectors), len(documents), s.d)
	}
	if row := unbounded(vectors, s.d); row >= 0 {
		return fmt.Errorf("searching: the vector of document %q (row %d) has a number that is not finite or too large", documents[row].ID, row)
	}
	workers = max(1, workers)
	s.reserve(workers, min(chunkRows, len(documents)))
	for from := 0; from < len(documents); from += chunkRows {
		to := min(len(documents), from+chunkRows)
		s.packed.Repack(true, to-from, s.d, vectors[from*s.d:to*s.d], s.d)
		if err := s.compare(ctx, documents[from:to], workers); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// compare offers the packed documents to all queries.
func (s *Dense) compare(ctx context.Context, documents []Document, workers int) error {
	return inParallel(ctx, len(s.tops), tileRows, workers, func(worker, from, to int) {
		scores := s.tile(worker, from, to)
		for query := from; query < to; query++ {
			for j, score := range scores[:len(documents)] {
				s.offer(query, documents[j], score)
			}
			scores = scores[len(documents):]
		}
	})
}
