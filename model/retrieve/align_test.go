package retrieve

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
)

// neighbours are the best top hits of a language's texts among another's.
func neighbours(t *testing.T, language string, queries []float32, of string, documents []float32, d, top int) Neighbours {
	t.Helper()
	s, err := NewDense(queries, d, top, nil)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Document
	for i := range len(documents) / d {
		rows = append(rows, Document{of, strconv.Itoa(i)})
	}
	if err := s.Add(t.Context(), rows, documents, 1); err != nil {
		t.Fatal(err)
	}
	found := Neighbours{}
	for i, hits := range s.Results() {
		found[Document{language, strconv.Itoa(i)}] = hits
	}
	return found
}

// TestAlign compares with numpy; testdata/make_aligned.py wrote the file.
func TestAlign(t *testing.T) {
	data, err := os.ReadFile("testdata/aligned.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		D, K           int
		Least          float64
		Source, Target []float32
		Pairs          [][3]float64
	}
	if err := json.Unmarshal(data, &golden); err != nil || len(golden.Pairs) < 10 {
		t.Fatal(err, len(golden.Pairs))
	}
	sources := neighbours(t, "sw", golden.Target, "en", golden.Source, golden.D, 10)
	targets := neighbours(t, "en", golden.Source, "sw", golden.Target, golden.D, 10)
	// A second language, of the same texts, changes nothing for the first.
	for text, hits := range targets {
		for _, h := range hits[:10] {
			hits = append(hits, Hit{Document{"so", h.ID}, h.Score})
		}
		targets[text] = hits
	}
	for text, hits := range sources {
		sources[Document{"so", text.ID}] = hits
	}
	for _, language := range []string{"sw", "so"} {
		got := slices.DeleteFunc(Align(sources, targets, golden.K, golden.Least), func(a Aligned) bool { return a.Target.Language != language })
		if len(got) != len(golden.Pairs) {
			t.Fatalf("%s: %d pairs, want %d", language, len(got), len(golden.Pairs))
		}
		for i, want := range golden.Pairs {
			a := got[i]
			if a.Source.ID != strconv.Itoa(int(want[0])) || a.Target.ID != strconv.Itoa(int(want[1])) || math.Abs(a.Margin-want[2]) > 1e-6 {
				t.Errorf("%s: pair %d is %v, want %v", language, i, a, want)
			}
		}
	}
	if Align(nil, Neighbours{}, 4, 1) != nil {
		t.Error("of nothing come pairs")
	}
}
