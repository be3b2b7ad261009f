package retrieve

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// golden is testdata/golden.json; vectors are in sixteenths.
type golden struct {
	D, K               int
	IDs                []string
	Exclude            [][]string
	Queries, Documents [][][]float32
	Dense, MaxSim      [][]goldenHit
}

// A goldenHit is [id, score] in the file.
type goldenHit Hit

func (h *goldenHit) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&h.ID, &h.Score})
}

func readGolden(t *testing.T) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// firsts returns the first token vector of each item, zeros for one without.
func firsts(items [][][]float32, d int) []float32 {
	var vectors []float32
	for _, item := range items {
		if len(item) == 0 {
			item = [][]float32{make([]float32, d)}
		}
		for _, x := range item[0] {
			vectors = append(vectors, x/16)
		}
	}
	return vectors
}

// concatenate returns all token vectors and their offsets.
func concatenate(items [][][]float32) (vectors []float32, offsets []int32) {
	offsets = []int32{0}
	for _, item := range items {
		for _, token := range item {
			for _, x := range token {
				vectors = append(vectors, x/16)
			}
		}
		offsets = append(offsets, offsets[len(offsets)-1]+int32(len(item)))
	}
	return vectors, offsets
}

func (g golden) excluded(query int, document Document) bool {
	return slices.Contains(g.Exclude[query], document.ID)
}

func documentsOf(ids []string) []Document {
	documents := make([]Document, len(ids))
	for i, id := range ids {
		documents[i] = Document{"en", id}
	}
	return documents
}

func compareGolden(t *testing.T, got [][]Hit, want [][]goldenHit) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d queries, want %d", len(got), len(want))
	}
	for q := range want {
		for i, w := range want[q] {
			if w.Language = "en"; i >= len(got[q]) || got[q][i] != Hit(w) {
				t.Errorf("query %d: %v, want %v at %d", q, got[q], w, i)
				break
			}
		}
		if len(got[q]) != len(want[q]) {
			t.Errorf("query %d: %d hits, want %d", q, len(got[q]), len(want[q]))
		}
	}
}

func TestDenseGolden(t *testing.T) {
	g := readGolden(t)
	s, err := NewDense(firsts(g.Queries, g.D), g.D, g.K, g.excluded)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Add(context.Background(), documentsOf(g.IDs), firsts(g.Documents, g.D), 2); err != nil {
		t.Fatal(err)
	}
	compareGolden(t, s.Results(), g.Dense)
}

func TestMaxSimGolden(t *testing.T) {
	g := readGolden(t)
	queries, queryOffsets := concatenate(g.Queries)
	s, err := NewMaxSim(queries, queryOffsets, g.D, g.K, g.excluded)
	if err != nil {
		t.Fatal(err)
	}
	vectors, offsets := concatenate(g.Documents)
	if err := s.Add(context.Background(), documentsOf(g.IDs), offsets, vectors, 2); err != nil {
		t.Fatal(err)
	}
	compareGolden(t, s.Results(), g.MaxSim)
}
