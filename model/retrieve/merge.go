package retrieve

import "slices"

// A Merge makes of what searches of the same queries found, each in some of the documents, what a search in all of them
// finds: the same hits with the same scores, whichever documents were searched together.
type Merge struct {
	tops    []TopK
	nearest []*largest // see csls; nil for plain similarities
}

// NewMerge returns a Merge of searches for the best k documents of so many queries, whose hubs were corrected with so many
// neighbours; 0 if they were not.
func NewMerge(queries, k, neighbours int) *Merge {
	m := &Merge{tops: make([]TopK, queries)}
	for i := range m.tops {
		m.tops[i] = NewTopK(k)
		if neighbours > 0 {
			m.nearest = append(m.nearest, newLargest(neighbours))
		}
	}
	return m
}

// JoinPassages is a search's.
func (m *Merge) JoinPassages() { joinPassages(m.tops) }

// Add adds a hit of a query, as Partial returns it.
func (m *Merge) Add(query int, h Hit) { m.tops[query].Add(h) }

// Near adds the similarity of one of the documents nearest to a query.
func (m *Merge) Near(query int, similarity float32) { m.nearest[query].add(similarity) }

// Results returns the hits of every query, highest first.
func (m *Merge) Results() [][]Hit { return lessNearest(results(m.tops), m.nearest) }

// Partial returns the hits of every query before anything is taken off that depends on all documents.
func (s *search) Partial() (hits [][]Hit, nearest [][]float32) { return s.Results(), nil }

// Partial does so, and returns the similarities of the documents nearest to each query, whose mean is to be taken off; none
// if hubs are not corrected.
func (s *MaxSim) Partial() (hits [][]Hit, nearest [][]float32) {
	hits = s.search.Results()
	if s.csls != nil {
		for _, near := range s.csls.nearest {
			nearest = append(nearest, near.values)
		}
	}
	return hits, nearest
}

// lessNearest takes off each query's hits the mean similarity of its nearest documents, if there are any.
func lessNearest(all [][]Hit, nearest []*largest) [][]Hit {
	for query, near := range nearest {
		off, hits := near.mean(), all[query]
		for i := range hits {
			hits[i].Score = float32(float64(hits[i].Score) - off)
		}
		slices.SortFunc(hits, Hit.compare) // scores that were different may have become equal
	}
	return all
}
