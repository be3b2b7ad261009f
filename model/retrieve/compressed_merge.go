package retrieve

// A Candidate is a document that was read back: a hit, and the score by centroids for which it was.
type Candidate struct {
	Hit
	Centroids float32
}

// Partial returns the candidates of every query, for a CompressedMerge.
func (s *Compressed) Partial() [][]Candidate {
	all := make([][]Candidate, len(s.pools))
	for i, p := range s.pools {
		for _, c := range p.candidates {
			all[i] = append(all[i], Candidate{Hit{c.Document, c.score}, c.centroids})
		}
	}
	return all
}

// A CompressedMerge is a Merge of compressed searches: it keeps the candidates that a search in all documents would have had. The
// documents are different ones, since of two passages of a document that score the same either may be a candidate.
type CompressedMerge struct {
	CompressedOptions
	pools []pool
}

// NewCompressedMerge returns a CompressedMerge of searches for so many queries.
func NewCompressedMerge(queries int, o CompressedOptions) *CompressedMerge {
	return &CompressedMerge{o, make([]pool, queries)}
}

// Add adds a candidate of a query, with a copy of its strings if it is kept for now.
func (m *CompressedMerge) Add(query int, c Candidate) {
	p := &m.pools[query]
	if p.full && c.Centroids < p.lowest {
		return
	}
	p.candidates = append(p.candidates, candidate{c.Document.clone(), c.Centroids, c.Score, -1})
	if len(p.candidates) >= 2*m.Candidates {
		p.cut(m.Candidates)
	}
}

// Results returns the hits of every query, highest first.
func (m *CompressedMerge) Results() [][]Hit {
	for i := range m.pools {
		m.pools[i].cut(m.Candidates)
	}
	return m.results(m.pools)
}
