package retrieve

import (
	"context"
	"fmt"
)

// MaxSim is an exact search by late interaction (Khattab and Zaharia 2020): the
// score is the mean over the query's token vectors of the largest dot product
// with any of the document's token vectors. The mean, instead of their sum,
// ranks the same and keeps scores of normalised vectors between -1 and 1.
type MaxSim struct {
	search
	offsets []int32     // (queries+1)
	sums    [][]float64 // one a worker, (documents of a chunk)
}

// NewMaxSim returns a search for the best k documents of each query. Query i
// has the token vectors from row offsets[i] up to offsets[i+1] of queries,
// (rows, d); neither may change while the search is used, and exclude may be
// nil. A query without tokens has no hits. A vector with a number that is not
// finite is an error that names its row.
func NewMaxSim(queries []float32, offsets []int32, d, k int, exclude Exclude) (*MaxSim, error) {
	if err := checkOffsets(offsets, len(queries), d); err != nil {
		return nil, fmt.Errorf("searching: queries: %w", err)
	}
	s, err := newSearch(queries, len(queries)/d, len(offsets)-1, d, k, exclude)
	if err != nil {
		return nil, err
	}
	return &MaxSim{search: s, offsets: offsets}, nil
}

// Add compares a block of documents with all queries, on workers goroutines
// (at least one). Document i has the token vectors from row offsets[i] up to
// offsets[i+1] of vectors, (rows, d); one without tokens is never returned.
// Errors are Dense.Add's. Nothing of the arguments is kept.
func (s *MaxSim) Add(ctx context.Context, documents []Document, offsets []int32, vectors []float32, workers int) error {
	if len(offsets) != len(documents)+1 {
		return fmt.Errorf("searching: %d offsets for %d documents", len(offsets), len(documents))
	}
	if err := checkOffsets(offsets, len(vectors), s.d); err != nil {
		return fmt.Errorf("searching: documents: %w", err)
	}
	for i, document := range documents {
		from, to := int(offsets[i]), int(offsets[i+1])
		if row := unbounded(vectors[from*s.d:to*s.d], s.d); row >= 0 {
			return fmt.Errorf("searching: token vector %d of document %q (row %d) has a number that is not finite or too large", row, document.ID, i)
		}
	}
	for len(documents) > 0 {
		n := chunk(offsets)
		if from, to := int(offsets[0]), int(offsets[n]); from < to {
			s.packed.Repack(true, to-from, s.d, vectors[from*s.d:to*s.d], s.d)
			if err := s.compare(ctx, documents[:n], offsets[:n+1], max(1, workers)); err != nil {
				return err
			}
		}
		documents, offsets = documents[n:], offsets[n:]
	}
	return ctx.Err()
}

// chunk returns how many of the documents to take at once: as many as have
// chunkRows tokens together, at least one.
func chunk(offsets []int32) int {
	n := 1
	for n+1 < len(offsets) && offsets[n+1]-offsets[0] <= chunkRows {
		n++
	}
	return n
}

// compare offers the packed documents to all queries.
func (s *MaxSim) compare(ctx context.Context, documents []Document, offsets []int32, workers int) error {
	s.reserve(workers, int(offsets[len(documents)]-offsets[0]))
	for len(s.sums) < workers {
		s.sums = append(s.sums, nil)
	}
	return inParallel(ctx, len(s.tops), 1, workers, func(worker, query, _ int) {
		from, to := int(s.offsets[query]), int(s.offsets[query+1])
		if from == to {
			return
		}
		sums := append(s.sums[worker][:0], make([]float64, len(documents))...)
		s.sums[worker] = sums
		for row := from; row < to; row += tileRows {
			sumBest(sums, s.tile(worker, row, min(to, row+tileRows)), offsets)
		}
		for i, sum := range sums {
			if offsets[i] < offsets[i+1] {
				s.offer(query, documents[i], float32(sum/float64(to-from)))
			}
		}
	})
}

// sumBest adds to sums, (documents), the largest score of each document in each
// row of scores, (query tokens, document tokens).
func sumBest(sums []float64, scores []float32, offsets []int32) {
	first, columns := offsets[0], int(offsets[len(sums)]-offsets[0])
	for ; len(scores) > 0; scores = scores[columns:] {
		for i := range sums {
			if of := scores[offsets[i]-first : offsets[i+1]-first]; len(of) > 0 {
				best := of[0]
				for _, score := range of[1:] {
					if score > best {
						best = score
					}
				}
				sums[i] += float64(best)
			}
		}
	}
}

// checkOffsets checks that offsets rise from 0 or more to at most the rows of
// n numbers in d dimensions.
func checkOffsets(offsets []int32, n, d int) error {
	if d < 1 || n%d != 0 {
		return fmt.Errorf("%d numbers are not vectors of %d dimensions", n, d)
	}
	if len(offsets) == 0 {
		return fmt.Errorf("there are no offsets, not even the first")
	}
	previous := int32(0)
	for i, offset := range offsets {
		if offset < previous || int(offset) > n/d {
			return fmt.Errorf("offset %d is %d, which is not between %d and the number of vectors, %d", i, offset, previous, n/d)
		}
		previous = offset
	}
	return nil
}
