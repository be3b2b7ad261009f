package retrieve

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/sourcegraph/conc"
)

// Exclude reports whether a document may not be returned for the query of that
// index. It is called from several goroutines at once, and only for documents
// that would be among the first k.
type Exclude func(query int, document Document) bool

// A search is what dense search and MaxSim share.
type search struct {
	queries []float32 // (rows, d)
	d       int
	exclude Exclude
	tops    []TopK // one a query
}

func newSearch(queries []float32, rows, count, d, k int, exclude Exclude) (search, error) {
	if d < 1 || k < 1 {
		return search{}, fmt.Errorf("searching: %d dimensions and the best %d hits; both must be above 0", d, k)
	}
	if len(queries) != rows*d {
		return search{}, fmt.Errorf("searching: %d numbers are not %d query vectors of %d dimensions", len(queries), rows, d)
	}
	if row := unbounded(queries, d); row >= 0 {
		return search{}, fmt.Errorf("searching: query vector %d has a number that is not finite or too large", row)
	}
	s := search{queries: queries, d: d, exclude: exclude, tops: make([]TopK, count)}
	for i := range s.tops {
		s.tops[i] = NewTopK(k)
	}
	return s, nil
}

// JoinPassages makes of the rows that have the same language and id one document, which scores as its best row does (MaxP).
// It is called before any are added.
func (s *search) JoinPassages() { joinPassages(s.tops) }

func joinPassages(tops []TopK) {
	for i := range tops {
		tops[i].passages = true
	}
}

// Results returns the hits of every query, highest first; as many as there are
// where that is less than k.
func (s *search) Results() [][]Hit { return results(s.tops) }

func results(tops []TopK) [][]Hit {
	all := make([][]Hit, len(tops))
	for i := range tops {
		all[i] = tops[i].Hits()
	}
	return all
}

// offer adds a document with its score for a query, unless it is excluded.
func (s *search) offer(query int, document Document, score float32) {
	offer(&s.tops[query], query, Hit{document, score}, s.exclude)
}

func offer(top *TopK, query int, h Hit, exclude Exclude) {
	if h.Score < top.lowest() {
		return
	}
	if top.Admits(h) && (exclude == nil || !exclude(query, h.Document)) {
		top.Add(h)
	}
}

// unbounded returns the first row of x, (rows, d), that holds NaN or an
// infinity, or whose dot product with another such row could be infinite; -1
// if there is none.
func unbounded(x []float32, d int) int {
	for row := 0; row*d < len(x); row++ {
		if !bounded(kernel.SumSquares(x[row*d : (row+1)*d])) {
			return row
		}
	}
	return -1
}

// bounded reports whether a sum of squares is a number that leaves dot products finite.
func bounded(square float64) bool { return square <= math.MaxFloat32 }

// inParallel calls do for the ranges of size items that make up n, from the
// given number of goroutines, numbered from 0. It returns when all are done, or
// soon after ctx is.
func inParallel(ctx context.Context, n, size, workers int, do func(worker, from, to int)) error {
	var next atomic.Int64
	var group conc.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for ctx.Err() == nil {
				from := int(next.Add(int64(size))) - size
				if from >= n {
					return
				}
				do(worker, from, min(n, from+size))
			}
		})
	}
	group.Wait()
	return ctx.Err()
}
