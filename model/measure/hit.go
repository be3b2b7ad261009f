package measure

import (
	"cmp"
	"fmt"
	"slices"
)

// A Hit is a document that a run returned for a query.
type Hit struct {
	// Document is the document's id.
	Document string
	// Score is the higher the better; it is compared as a float32.
	Score float64
}

// Rank puts the hits of a query in trec_eval's order: by score as float32,
// higher first, equal ones by document id, greater byte first. A document that
// is there twice and a score that is not a number are errors that name query
// and document.
func Rank(query string, hits []Hit) error {
	seen := make(map[string]struct{}, len(hits))
	for _, h := range hits {
		if h.Score != h.Score {
			return fmt.Errorf("ranking the hits of query %q: the score of document %q is not a number", query, h.Document)
		}
		if _, twice := seen[h.Document]; twice {
			return fmt.Errorf("ranking the hits of query %q: document %q is there twice", query, h.Document)
		}
		seen[h.Document] = struct{}{}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		if c := cmp.Compare(float32(b.Score), float32(a.Score)); c != 0 {
			return c
		}
		return cmp.Compare(b.Document, a.Document)
	})
	return nil
}
