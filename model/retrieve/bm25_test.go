package retrieve

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"
)

// goldenBM25 is what bm25s computes; testdata/make_bm25.py wrote it.
type goldenBM25 struct {
	K1, B              float64
	Words              int
	Documents, Queries [][]int32
	Scores             [][]float64
}

func readBM25(t *testing.T) (g goldenBM25) {
	data, err := os.ReadFile("testdata/bm25.json")
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil || len(g.Queries) == 0 {
		t.Fatal(err)
	}
	return g
}

func TestBM25Golden(t *testing.T) {
	g := readBM25(t)
	documents := numbered(len(g.Documents))
	for _, workers := range []int{1, 3} {
		s, err := NewBM25(g.Queries, g.Words, g.K1, g.B, len(documents), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, terms := range g.Documents {
			s.Count(terms)
		}
		for i := 0; i < len(documents); i += 7 {
			end := min(i+7, len(documents))
			if err := s.Add(t.Context(), documents[i:end], g.Documents[i:end], workers); err != nil {
				t.Fatal(err)
			}
		}
		for query, hits := range s.Results() {
			got := map[string]float64{}
			for _, h := range hits {
				got[h.ID] = float64(h.Score)
			}
			for i, want := range g.Scores[query] {
				if x := got[documents[i].ID]; math.Abs(x-want) > 1e-6*want {
					t.Errorf("%d workers, query %d: document %d scores %v, want %v", workers, query, i, x, want)
				}
			}
		}
	}
}

func TestBM25Refuses(t *testing.T) {
	for _, wrong := range [][3]float64{{0, 0.9, 0.4}, {1, -1, 0.4}, {1, math.NaN(), 0.4}, {1, 0.9, 1.5}} {
		if _, err := NewBM25(nil, 0, wrong[1], wrong[2], int(wrong[0]), nil); err == nil {
			t.Errorf("k, k1 and b of %v are taken", wrong)
		}
	}
	s, _ := NewBM25([][]int32{{0}}, 1, 0.9, 0.4, 1, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Add(ctx, numbered(1), [][]int32{{0}}, 1); err == nil {
		t.Error("a cancelled search ends without an error")
	}
}
