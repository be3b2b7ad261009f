package retrieve

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
)

// TestCSLS compares with numpy's scores, in blocks of any size, at any number of workers. A query and a document without
// vectors are nobody's neighbours.
func TestCSLS(t *testing.T) {
	text, err := os.ReadFile("testdata/csls.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		D, K               int
		Queries, Documents []float32
		Scores             []float64
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	for _, x := range [][]float32{golden.Queries, golden.Documents} {
		for i := range x {
			x[i] /= 16
		}
	}
	queries, n := len(golden.Queries)/golden.D, len(golden.Documents)/golden.D
	queryOffsets, offsets := append(Singles(queries), int32(queries)), append(Singles(n), int32(n))
	groups := make([]int, queries+1)
	for i := range groups {
		groups[i] = i % 2
	}
	var first [][]Hit
	for _, size := range []int{1, 5, 100} {
		for _, workers := range []int{1, 3} {
			s, err := NewMaxSim(golden.Queries, queryOffsets, golden.D, n, nil)
			if err != nil {
				t.Fatal(err)
			}
			s.CorrectHubs(golden.K, groups)
			documents := numbered(n + 1)
			for from := 0; from <= n; from += size {
				to := min(n+1, from+size)
				if err := s.Add(context.Background(), documents[from:to], offsets[from:to+1], golden.Documents, workers); err != nil {
					t.Fatal(err)
				}
			}
			got := s.Results()
			if merged := inParts(t, size, func() *MaxSim {
				s, err := NewMaxSim(golden.Queries, queryOffsets, golden.D, n, nil)
				if err != nil {
					t.Fatal(err)
				}
				s.CorrectHubs(golden.K, groups)
				return s
			}, documents, offsets, golden.Documents, golden.K); !slices.EqualFunc(merged, got, slices.Equal) {
				t.Errorf("in parts of %d: %v, want %v", size, merged, got)
			}
			if first == nil {
				first = got
			}
			for query, hits := range got {
				if query == queries && len(hits) == 0 {
					continue
				}
				if len(hits) != n || !slices.IsSortedFunc(hits, Hit.compare) || !slices.Equal(hits, first[query]) {
					t.Fatalf("query %d: hits %v", query, hits)
				}
				for _, h := range hits {
					i, _ := strconv.Atoi(h.ID)
					if want := golden.Scores[query*n+i]; math.Abs(float64(h.Score)-want) > 1e-6 {
						t.Errorf("query %d, document %d: %v, want %v", query, i, h.Score, want)
					}
				}
			}
		}
	}
}

// inParts searches so many documents each by a search of its own, and merges what they find.
func inParts(t *testing.T, size int, search func() *MaxSim, documents []Document, offsets []int32, vectors []float32, neighbours int) [][]Hit {
	t.Helper()
	var all *Merge
	for from := 0; from < len(documents); from += size {
		to, s := min(len(documents), from+size), search()
		if err := s.Add(context.Background(), documents[from:to], offsets[from:to+1], vectors, 2); err != nil {
			t.Fatal(err)
		}
		hits, nearest := s.Partial()
		if all == nil {
			all = NewMerge(len(hits), s.tops[0].k, neighbours)
		}
		for query := range hits {
			for _, h := range hits[query] {
				all.Add(query, h)
			}
			for _, similarity := range nearest[query] {
				all.Near(query, similarity)
			}
		}
	}
	return all.Results()
}
