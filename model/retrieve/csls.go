package retrieve

import (
	"context"
	"slices"
)

// csls corrects scores for hubs, documents that are near everything: cross-domain
// similarity local scaling (Conneau et al., ICLR 2018). The score of a query and
// a document becomes twice their similarity, less the mean similarity of the
// query with its k nearest documents, less that of the document with its k
// nearest queries, those of the query's group.
type csls struct {
	k       int
	groups  []int      // (queries)
	nearest []*largest // (queries): the similarities of its nearest documents
	hub     []float64  // (groups, documents of a chunk): mean similarity of the nearest queries
}

// CorrectHubs makes scores those of CSLS with k neighbours. The neighbours of a
// query are among all documents that are added, those that are excluded
// included, and those of a document among the queries that have the number of
// the query in question, from 0, in groups, (queries). It is called before any
// are added.
func (s *MaxSim) CorrectHubs(k int, groups []int) {
	c := &csls{k: k, groups: groups}
	for range s.tops {
		c.nearest = append(c.nearest, newLargest(k))
	}
	s.csls = c
}

// Results returns the hits of every query, highest first; as many as there are
// where that is less than k.
func (s *MaxSim) Results() [][]Hit {
	if s.csls == nil {
		return s.search.Results()
	}
	return lessNearest(s.search.Results(), s.csls.nearest)
}

// correct changes the scores of a chunk, (queries, documents), all but what the
// query's nearest documents take off. Documents and queries without tokens have
// none.
func (s *MaxSim) correct(ctx context.Context, offsets []int32, workers int) error {
	c, n := s.csls, len(offsets)-1
	groups := slices.Max(c.groups) + 1
	c.hub = slices.Grow(c.hub[:0], groups*n)[:groups*n]
	err := inParallel(ctx, n, 8, workers, func(_, from, to int) {
		nearest := make([]largest, groups*(to-from))
		for i := range nearest {
			nearest[i].n = c.k
		}
		for query, group := range c.groups {
			if s.offsets[query] < s.offsets[query+1] {
				near := nearest[group*(to-from):]
				for i, score := range s.scores[query*n+from : query*n+to] {
					near[i].add(score)
				}
			}
		}
		for i := range nearest {
			c.hub[i/(to-from)*n+from+i%(to-from)] = nearest[i].mean()
		}
	})
	if err != nil {
		return err
	}
	return inParallel(ctx, len(c.groups), 1, workers, func(_, query, _ int) {
		hub, near := c.hub[c.groups[query]*n:], c.nearest[query]
		for i, score := range s.scores[query*n : query*n+n] {
			if offsets[i] < offsets[i+1] && s.offsets[query] < s.offsets[query+1] {
				near.add(score)
				s.scores[query*n+i] = float32(2*float64(score) - hub[i])
			}
		}
	})
}

// mean is that of the values, 0 of none.
func (l *largest) mean() float64 {
	sum := 0.0
	for _, value := range l.values {
		sum += float64(value)
	}
	return sum / float64(max(1, len(l.values)))
}
