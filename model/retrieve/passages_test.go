package retrieve

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestJoinPassages compares with a search that returns every passage, of which the best of each document are kept.
func TestJoinPassages(t *testing.T) {
	const queries, rows, d, k = 9, 700, 8, 11
	r := rand.New(rand.NewPCG(6, 5))
	q, vectors := random(r, queries*d), random(r, rows*d)
	documents := make([]Document, rows)
	for i := range documents {
		documents[i] = Document{[]string{"en", "sw"}[r.IntN(2)], fmt.Sprint(r.IntN(60))}
	}
	found := func(k int, join bool) [][]Hit {
		s, err := NewDense(q, d, k, nil)
		if err != nil {
			t.Fatal(err)
		}
		if join {
			s.JoinPassages()
		}
		for from := 0; from < rows; from += 100 {
			if err := s.Add(t.Context(), documents[from:from+100], vectors[from*d:(from+100)*d], 2); err != nil {
				t.Fatal(err)
			}
		}
		return s.Results()
	}
	joined, all := found(k, true), found(rows, false)
	for i, hits := range all {
		var want []Hit
		for _, h := range hits {
			if len(want) < k && !slices.ContainsFunc(want, func(w Hit) bool { return w.Document == h.Document }) {
				want = append(want, h)
			}
		}
		if !slices.Equal(joined[i], want) {
			t.Errorf("query %d finds\n%v\nwant\n%v", i, joined[i], want)
		}
	}
}
