package measure

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
)

// A Hit is a document that a run returned for a query.
type Hit struct {
	// Document is the document's id.
	Document string
	// Score is the higher the better; it is compared as a float32.
	Score float64
}

// A Duplicate is a document that a run has twice for a query.
type Duplicate struct{ Query, Document string }

func (d *Duplicate) Error() string {
	return fmt.Sprintf("ranking the hits of query %q: document %q is there twice", d.Query, d.Document)
}

// Rank puts the hits of a query in trec_eval's order: by score as float32,
// higher first, equal ones by document id, greater byte first. A document that
// is there twice, a *Duplicate, and a score that is not a number are errors that
// name query and document.
func Rank(query string, hits []Hit) error {
	var known documents
	return known.rank(query, hits)
}

// rank is Rank.
func (known *documents) rank(query string, hits []Hit) error {
	known.reset(len(hits))
	for i, h := range hits {
		if h.Score != h.Score {
			return fmt.Errorf("ranking the hits of query %q: the score of document %q is not a number", query, h.Document)
		}
		if known.add(hits, i) {
			return &Duplicate{query, h.Document}
		}
	}
	if !slices.IsSortedFunc(hits, order) {
		slices.SortFunc(hits, order)
	}
	return nil
}

func order(a, b Hit) int {
	if c := cmp.Compare(float32(b.Score), float32(a.Score)); c != 0 {
		return c
	}
	return cmp.Compare(b.Document, a.Document)
}

// documents is a set of the documents of hits, by their place among them, whose
// memory serves one query after the other.
type documents struct {
	seed  maphash.Seed
	slots []int32 // 1 + place, or 0; a power of two, at most half of them used
}

// reset empties the set, for n documents.
func (s *documents) reset(n int) {
	size := 1
	for size < 2*n {
		size *= 2
	}
	if size > cap(s.slots) {
		s.slots, s.seed = make([]int32, size), maphash.MakeSeed()
		return
	}
	s.slots = s.slots[:size]
	clear(s.slots)
}

// add adds the document of hits[i], and reports whether it was there.
func (s *documents) add(hits []Hit, i int) bool {
	mask := len(s.slots) - 1
	for at := int(maphash.String(s.seed, hits[i].Document)) & mask; ; at = (at + 1) & mask {
		switch slot := s.slots[at]; {
		case slot == 0:
			s.slots[at] = int32(i + 1)
			return false
		case hits[slot-1].Document == hits[i].Document:
			return true
		}
	}
}
