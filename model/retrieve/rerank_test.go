package retrieve

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// restricted are those hits that are candidates of their query.
func restricted(hits [][]Hit, candidates [][]Document) [][]Hit {
	kept := make([][]Hit, len(hits))
	for query := range hits {
		for _, h := range hits[query] {
			if slices.Contains(candidates[query], h.Document) {
				kept[query] = append(kept[query], h)
			}
		}
	}
	return kept
}

// TestRerank compares with exact search among all documents, to the bit, for random candidates in blocks of any size, at
// any number of workers; some queries and documents have no tokens, some queries no candidates.
func TestRerank(t *testing.T) {
	for _, size := range []struct{ queries, documents, d int }{{1, 1, 1}, {3, 5, 7}, {49, 130, 33}, {7, 400, 16}, {3, 65, 800}} {
		c := newCollection(5, size.queries, size.documents, size.d)
		candidates := make([][]Document, size.queries)
		random := rand.New(rand.NewPCG(1, 2))
		for query := range candidates {
			for _, i := range random.Perm(size.documents)[:random.IntN(size.documents+1)] {
				candidates[query] = append(candidates[query], c.documents[i])
			}
		}
		for _, dense := range []bool{true, false} {
			want := restricted(c.search(t, dense, size.documents, 1<<20, 1), candidates)
			queryOffsets, offsets := c.queryOffsets, c.offsets
			if dense {
				queryOffsets, offsets = Singles(size.queries), Singles(size.documents)
			}
			for _, block := range []int{1, 17, 1 << 20} {
				for _, workers := range []int{1, 3} {
					r, err := NewRerank(c.queries, queryOffsets, c.d, candidates)
					if err != nil {
						t.Fatal(err)
					}
					for from := 0; from < size.documents; from += block {
						to := min(size.documents, from+block)
						if err := r.Add(context.Background(), c.documents[from:to], offsets[from:to+1], c.vectors, workers); err != nil {
							t.Fatal(err)
						}
					}
					for query, hits := range r.Results() {
						if !slices.Equal(hits, want[query]) {
							t.Fatalf("%+v, dense %v, blocks of %d, %d workers: query %d: %v, want %v", size, dense, block, workers, query, hits, want[query])
						}
					}
				}
			}
		}
	}
}

// TestRerankPassages scores a document as its best passage.
func TestRerankPassages(t *testing.T) {
	candidates := [][]Document{{{"en", "a"}, {"en", "b"}}}
	r, err := NewRerank([]float32{1, 0}, Singles(1), 2, candidates)
	if err != nil {
		t.Fatal(err)
	}
	r.JoinPassages()
	rows := []Document{{"en", "a"}, {"en", "b"}, {"en", "a"}, {"en", "c"}}
	if err := r.Add(context.Background(), rows, Singles(4), []float32{0.25, 0, 0.5, 0, 0.75, 0, 1, 0}, 2); err != nil {
		t.Fatal(err)
	}
	want := []Hit{{Document{"en", "a"}, 0.75}, {Document{"en", "b"}, 0.5}}
	if got := r.Results()[0]; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestRerankErrors(t *testing.T) {
	_, err := NewRerank([]float32{1}, Singles(1), 1, [][]Document{{{"en", "a"}, {"en", "a"}}})
	if err == nil || !strings.Contains(err.Error(), `document "a" comes twice for a query`) {
		t.Errorf("a candidate twice: %v", err)
	}
}
