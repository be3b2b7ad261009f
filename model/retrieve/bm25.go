package retrieve

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// BM25 is an exact lexical search (Robertson and Zaragoza 2009), with the
// inverse document frequency that cannot be negative, as Lucene has it: a
// document scores the sum over the query's terms t, each as often as it is
// there, of
//
//	ln(1 + (N - n_t + 1/2) / (n_t + 1/2)) * f / (f + k1 * (1 - b + b * length / mean length))
//
// where t is in n_t of N documents, and f times in this one.
//
// Documents pass by twice: Count takes what the collection as a whole must be
// known for, Add scores. Only the queries are in memory. Terms are numbered by
// the caller, those that no query has by a number below 0.
type BM25 struct {
	k1, b     float64
	exclude   Exclude
	tops      []TopK
	queries   [][]int32 // terms, sorted
	found     []int64   // (terms): documents with it
	documents int64
	length    int64 // of all documents
	idf       []float64
	shards    []shard // one a worker
	matches   [][]match
}

// A shard is the queries that one worker scores.
type shard struct {
	postings [][]posting // (terms)
	scores   []float64   // (queries), 0 where the document in hand has none of its terms
	touched  []int32
}

// A posting says how often a query has a term.
type posting struct {
	query int32
	times float64
}

// A match is a term of a document with its part of the score.
type match struct {
	term  int32
	score float64
}

// NewBM25 returns a search for the best k documents of each query, which are
// lists of terms numbered from 0 to below terms; exclude may be nil.
func NewBM25(queries [][]int32, terms int, k1, b float64, k int, exclude Exclude) (*BM25, error) {
	if k < 1 || !(k1 >= 0) || math.IsInf(k1, 0) || !(b >= 0 && b <= 1) {
		return nil, fmt.Errorf("searching: the best %d hits with k1 %v and b %v; there must be at least 1, k1 at least 0, b from 0 to 1", k, k1, b)
	}
	s := &BM25{k1: k1, b: b, exclude: exclude, found: make([]int64, terms), tops: make([]TopK, len(queries))}
	for i, query := range queries {
		s.tops[i] = NewTopK(k)
		s.queries = append(s.queries, slices.Sorted(slices.Values(query)))
	}
	return s, nil
}

// Count takes note of a document. No document is counted once one was added.
func (s *BM25) Count(terms []int32) {
	s.documents++
	s.length += int64(len(terms))
	sorted := slices.Sorted(slices.Values(terms))
	for _, term := range slices.Compact(sorted) {
		if term >= 0 {
			s.found[term]++
		}
	}
}

// Add compares documents, all of which have been counted, with all queries, on
// workers goroutines (at least one, and always as many). Document i has the
// terms terms[i]. Nothing of the arguments is kept.
func (s *BM25) Add(ctx context.Context, documents []Document, terms [][]int32, workers int) error {
	if s.shards == nil {
		s.prepare(max(1, workers))
	}
	s.matches = slices.Grow(s.matches[:0], len(documents))[:len(documents)]
	err := inParallel(ctx, len(documents), 64, len(s.shards), func(_, from, to int) {
		for i := from; i < to; i++ {
			s.matches[i] = s.match(s.matches[i][:0], terms[i])
		}
	})
	if err != nil {
		return err
	}
	return inParallel(ctx, len(s.shards), 1, len(s.shards), func(_, i, _ int) {
		for k, document := range documents {
			s.score(&s.shards[i], document, s.matches[k])
		}
	})
}

// prepare shares the queries out among workers.
func (s *BM25) prepare(workers int) {
	for _, n := range s.found {
		s.idf = append(s.idf, math.Log(1+(float64(s.documents)-float64(n)+0.5)/(float64(n)+0.5)))
	}
	s.shards = make([]shard, workers)
	for i := range s.shards {
		s.shards[i] = shard{postings: make([][]posting, len(s.found)), scores: make([]float64, len(s.queries))}
	}
	for query, terms := range s.queries {
		postings := s.shards[query%workers].postings
		for len(terms) > 0 {
			term, times := terms[0], 0
			for len(terms) > 0 && terms[0] == term {
				terms, times = terms[1:], times+1
			}
			postings[term] = append(postings[term], posting{int32(query), float64(times)})
		}
	}
}

// match appends the terms of a document that queries have.
func (s *BM25) match(to []match, terms []int32) []match {
	norm := s.k1 * (1 - s.b + s.b*float64(len(terms))*float64(s.documents)/float64(s.length))
	sorted := slices.Sorted(slices.Values(terms))
	for len(sorted) > 0 {
		term, times := sorted[0], 0.0
		for len(sorted) > 0 && sorted[0] == term {
			sorted, times = sorted[1:], times+1
		}
		if term >= 0 {
			to = append(to, match{term, s.idf[term] * times / (times + norm)})
		}
	}
	return to
}

// score offers a document to those queries of a shard that share a term with it.
func (s *BM25) score(of *shard, document Document, matches []match) {
	of.touched = of.touched[:0]
	for _, m := range matches {
		for _, p := range of.postings[m.term] {
			if of.scores[p.query] == 0 {
				of.touched = append(of.touched, p.query)
			}
			of.scores[p.query] += p.times * m.score
		}
	}
	for _, query := range of.touched {
		offer(&s.tops[query], int(query), Hit{document, float32(of.scores[query])}, s.exclude)
		of.scores[query] = 0
	}
}

// JoinPassages makes one document of the rows that have the same language and
// id, as for the other searches.
func (s *BM25) JoinPassages() { joinPassages(s.tops) }

// Results returns the hits of every query, highest first; as many as share a
// term with it where that is less than k.
func (s *BM25) Results() [][]Hit { return results(s.tops) }
