package stages

import (
	"context"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// planar is a table of vectors of two dimensions, a batch a row.
func planar(t *testing.T, allocator memory.Allocator, name, id string, vectors map[string][][2]float32) schemas.Table {
	schema := schemas.Vectors(2, false)
	return schemas.Table{Name: name, Schema: schema, Rows: -1, Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			b := array.NewRecordBuilder(allocator, schema)
			defer b.Release()
			for _, language := range []string{"en", "sw"} {
				for i, v := range vectors[language] {
					b.Field(0).(*array.StringBuilder).Append(language)
					b.Field(1).(*array.StringBuilder).Append(id + language + string(rune('0'+i)))
					list := b.Field(2).(*array.FixedSizeListBuilder)
					list.Append(true)
					list.ValueBuilder().(*array.Float32Builder).AppendValues(v[:], nil)
					batch := b.NewRecordBatch()
					more := yield(batch, nil)
					batch.Release()
					if !more {
						return
					}
				}
			}
		}
	}}
}

// TestCentre compares the scores of a search with cosines worked out by hand: the mean of the documents is (1, 0), that
// of the English ones (2, 0) and of the Swahili ones (0, 0), that of the only query its own vector.
func TestCentre(t *testing.T) {
	allocator := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer allocator.AssertSize(t, 0)
	queries := planar(t, allocator, "queries", "q", map[string][][2]float32{"en": {{2, 1}, {0, 1}}})
	documents := planar(t, allocator, "documents", "d", map[string][][2]float32{"en": {{3, 0}, {1, 0}}, "sw": {{1, 1}, {-1, -1}}})
	// The means of these are (0, 1) in English, (1, 0) in Swahili.
	others := planar(t, allocator, "others", "o", map[string][][2]float32{"en": {{5, 1}, {-5, 1}}, "sw": {{1, 0}}})
	const fromOthers = "languages of others"
	half := math.Sqrt(0.5)
	for centre, want := range map[string]map[string]float64{
		fromOthers:      {"qen0den0": 3 / math.Sqrt(10), "qen0den1": half, "qen0dsw0": 0, "qen0dsw1": -2 / math.Sqrt(5), "qen1den0": 0, "qen1den1": 0, "qen1dsw0": 0, "qen1dsw1": 0},
		centreNone:      {"qen0den0": 6, "qen0den1": 2, "qen0dsw0": 3, "qen0dsw1": -3, "qen1den0": 0, "qen1den1": 0, "qen1dsw0": 1, "qen1dsw1": -1},
		centreDocuments: {"qen0den0": half, "qen0den1": 0, "qen0dsw0": half, "qen0dsw1": -3 * half / math.Sqrt(5), "qen1den0": -half, "qen1den1": 0, "qen1dsw0": half, "qen1dsw1": half / math.Sqrt(5)},
		centreLanguages: {"qen0den0": 1, "qen0den1": -1, "qen0dsw0": half, "qen0dsw1": -half, "qen1den0": -1, "qen1den1": 1, "qen1dsw0": -half, "qen1dsw1": half},
	} {
		s := NewSearch()
		tables := map[string][]schemas.Table{"queries": {queries}, "documents": {documents}}
		if s.Centre = centre; centre == fromOthers {
			s.Centre, tables["means"] = centreLanguages, []schemas.Table{others}
		}
		job := Job{Tables: tables, Workers: 1, Progress: func(int64, int64, string) {}}
		found := 0
		job.Outputs = map[string]schemas.Output{"hits": {Allocator: allocator, Emit: func(batch arrow.RecordBatch) error {
			scores := column[*array.Float64](batch, schemas.Score)
			for i := range int(batch.NumRows()) {
				pair := texts(batch, schemas.QueryID).Value(i) + texts(batch, schemas.DocumentID).Value(i)
				if found++; math.Abs(scores.Value(i)-want[pair]) > 1e-6 {
					t.Errorf("centre: %s: %s scores %v, want %v", centre, pair, scores.Value(i), want[pair])
				}
			}
			return nil
		}}}
		if _, err := s.Run(t.Context(), job); err != nil || found != len(want) {
			t.Errorf("centre: %s: %d hits, %v", centre, found, err)
		}
	}
}

// TestCentreLacks centres by means of a table that lacks a language.
func TestCentreLacks(t *testing.T) {
	vectors := planar(t, memory.DefaultAllocator, "vectors", "v", map[string][][2]float32{"en": {{2, 1}}, "sw": {{0, 1}}})
	english := planar(t, memory.DefaultAllocator, "english", "v", map[string][][2]float32{"en": {{2, 1}}})
	s := NewSearch()
	s.Centre = centreLanguages
	_, err := s.Run(t.Context(), Job{Tables: map[string][]schemas.Table{"queries": {vectors}, "documents": {vectors}, "means": {english}}})
	if want := `centring: english has no vectors in "sw" to take a mean of`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestCentreAlone centres a language of one query, and one of one document, by their own vectors.
func TestCentreAlone(t *testing.T) {
	queries := planar(t, memory.DefaultAllocator, "queries", "q", map[string][][2]float32{"en": {{2, 1}, {1, 1}}, "sw": {{0, 1}}})
	documents := planar(t, memory.DefaultAllocator, "documents", "d", map[string][][2]float32{"en": {{2, 1}}, "sw": {{0, 1}, {1, 0}}})
	for centre, want := range map[string][]string{
		centreNone:      nil,
		centreDocuments: nil,
		centreLanguages: {"what queries has a single row of, in sw:", "what documents has a single row of, in en:"},
	} {
		var warnings []string
		out := schemas.Output{
			Allocator: memory.DefaultAllocator, Emit: func(arrow.RecordBatch) error { return nil },
			Warn: func(message string) { warnings = append(warnings, message) },
		}
		s := NewSearch()
		s.Centre = centre
		_, err := s.Run(t.Context(), Job{
			Tables: map[string][]schemas.Table{"queries": {queries}, "documents": {documents}}, Workers: 1,
			Progress: func(int64, int64, string) {}, Outputs: map[string]schemas.Output{"hits": out},
		})
		same := func(warning, part string) bool {
			return strings.Contains(warning, part) && strings.Contains(warning, "means")
		}
		if err != nil || !slices.EqualFunc(warnings, want, same) {
			t.Errorf("centre: %s: warnings %q, want %q; %v", centre, warnings, want, err)
		}
	}
}
