package stages

import (
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// hitsOf runs a search and lists query and document ids, and the scores.
func hitsOf(t *testing.T, allocator memory.Allocator, s *Search, queries, documents schemas.Table) (hits []string, scores map[string]float64, err error) {
	scores = map[string]float64{}
	job := Job{Tables: map[string][]schemas.Table{"queries": {queries}, "documents": {documents}}, Workers: 2, Progress: func(int64, int64, string) {}}
	job.Outputs = map[string]schemas.Output{"hits": {Allocator: allocator, Emit: func(batch arrow.RecordBatch) error {
		for i := range int(batch.NumRows()) {
			hit := texts(batch, schemas.QueryID).Value(i) + " " + texts(batch, schemas.DocumentID).Value(i)
			hits = append(hits, hit)
			scores[hit] = column[*array.Float64](batch, schemas.Score).Value(i)
		}
		return nil
	}}}
	_, err = s.Run(t.Context(), job)
	return hits, scores, err
}

// TestSearchLanguages searches in pools of two languages, whose rows alternate.
func TestSearchLanguages(t *testing.T) {
	allocator := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer allocator.AssertSize(t, 0)
	queries := planar(t, allocator, "queries", "q", map[string][][2]float32{"en": {{1, 0}}, "sw": {{0, 1}}})
	documents := planar(t, allocator, "documents", "d", map[string][][2]float32{"en": {{1, 0}, {2, 3}}, "sw": {{4, 5}}})
	all := []string{"qen0 dsw0", "qen0 den1", "qen0 den0", "qsw0 dsw0", "qsw0 den1", "qsw0 den0"}
	for _, test := range []struct {
		languages          string
		queries, documents []string
		want               []string
		problem            string
	}{
		{languages: "any", want: all},
		{languages: "same", want: []string{"qen0 den1", "qen0 den0", "qsw0 dsw0"}},
		{languages: "other", want: []string{"qen0 dsw0", "qsw0 den1", "qsw0 den0"}},
		{languages: "any", queries: []string{"sw"}, want: all[3:]},
		{languages: "any", documents: []string{"en"}, want: []string{"qen0 den1", "qen0 den0", "qsw0 den1", "qsw0 den0"}},
		{languages: "other", queries: []string{"en"}, documents: []string{"sw", "en"}, want: all[:1]},
		{languages: "any", documents: []string{"en", "fr"}, problem: `documents has nothing in "fr"; there is en, sw`},
	} {
		s := NewSearch()
		s.Languages = Languages{test.queries, test.documents, test.languages}
		hits, _, err := hitsOf(t, allocator, s, queries, documents)
		if test.problem != "" {
			if err == nil || err.Error() != test.problem {
				t.Errorf("%+v: %v", test, err)
			}
		} else if err != nil || !slices.Equal(hits, test.want) {
			t.Errorf("%+v: %v, %v", test, hits, err)
		}
	}
}

// TestSearchCSLS has scores worked out by hand, with one neighbour: den0 is a hub. Its nearest query is 3 away for English and
// 2 for Swahili; the nearest documents of the queries are 3, 1 and 2 away.
func TestSearchCSLS(t *testing.T) {
	allocator := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer allocator.AssertSize(t, 0)
	queries := planar(t, allocator, "queries", "q", map[string][][2]float32{"en": {{3, 0}, {1, 0.75}}, "sw": {{2, 0}}})
	documents := planar(t, allocator, "documents", "d", map[string][][2]float32{"en": {{1, 0}, {0, 1}}})
	s := NewSearch()
	s.CSLS = 1
	hits, scores, err := hitsOf(t, allocator, s, queries, documents)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"qen0 den0", "qen0 den1", "qen1 den1", "qen1 den0", "qsw0 den0", "qsw0 den1"}; !slices.Equal(hits, want) {
		t.Errorf("hits %v, want %v", hits, want)
	}
	for hit, want := range map[string]float64{"qen0 den0": 2*3 - 3 - 3, "qen0 den1": 0 - 3 - 0.75, "qen1 den0": 2*1 - 1 - 3, "qen1 den1": 2*0.75 - 1 - 0.75,
		"qsw0 den0": 2*2 - 2 - 2, "qsw0 den1": 0 - 2 - 0} {
		if math.Abs(scores[hit]-want) > 1e-6 {
			t.Errorf("%s scores %v, want %v", hit, scores[hit], want)
		}
	}
}
