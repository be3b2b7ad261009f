package stages

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// inMemory is a table of rows in batches of so many.
func inMemory(t *testing.T, allocator memory.Allocator, name string, schema *arrow.Schema, rows []map[string]any, size int) schemas.Table {
	t.Helper()
	return schemas.Table{Name: name, Schema: schema, Rows: int64(len(rows)), Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for part := range slices.Chunk(rows, size) {
				text, _ := json.Marshal(part)
				batch, _, err := array.RecordFromJSON(allocator, schema, strings.NewReader(string(text)))
				if err != nil {
					t.Fatal(err)
				}
				more := yield(batch, nil)
				batch.Release()
				if !more {
					return
				}
			}
		}
	}}
}

func hit(language, query, documentLanguage, document string, score float64) map[string]any {
	return map[string]any{"query_language": language, "query_id": query, "document_language": documentLanguage, "document_id": document, "rank": 1, "score": score}
}

func judged(query, document string, grade int) map[string]any {
	return map[string]any{"query_id": query, "document_id": document, "grade": grade}
}

// mine returns the triples as words, sorted, and what was dropped.
func mine(t *testing.T, m *Mine, seed uint64, hits, judgments []map[string]any) (triples []string, dropped map[string]int64, err error) {
	t.Helper()
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	dropped = map[string]int64{}
	out := schemas.Output{Allocator: checked, Drop: func(reason string, n int64) { dropped[reason] += n }, Emit: func(batch arrow.RecordBatch) error {
		for i := range int(batch.NumRows()) {
			var words []string
			for _, name := range []string{schemas.QueryLanguage, schemas.QueryID, schemas.PositiveLanguage, schemas.PositiveID, schemas.NegativeLanguage, schemas.NegativeID} {
				words = append(words, texts(batch, name).ValueStr(i))
			}
			triples = append(triples, strings.Join(words, " "))
		}
		return nil
	}}
	_, err = m.Run(t.Context(), Job{Seed: seed, Outputs: map[string]schemas.Output{"triples": out}, Progress: func(int64, int64, string) {},
		Tables: map[string][]schemas.Table{
			"hits":      {inMemory(t, checked, "hits", schemas.Hits(), hits, 7)},
			"judgments": {inMemory(t, checked, "judgments", schemas.Judgments(), judgments, 5)},
		}})
	slices.Sort(triples)
	return triples, dropped, err
}

// TestMineAgainstSentenceTransformers mines what mine_hard_negatives does, however few hits are held at a time;
// testdata/make_mine.py made the file.
func TestMineAgainstSentenceTransformers(t *testing.T) {
	var golden struct {
		Judgments [][2]string
		Cases     []struct {
			Options map[string]float64
			Hits    map[string][][2]any
			Triples [][3]string
		}
	}
	text, err := os.ReadFile("testdata/mine.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Cases) == 0 {
		t.Fatalf("%d cases, %v", len(golden.Cases), err)
	}
	var judgments []map[string]any
	for _, j := range golden.Judgments {
		judgments = append(judgments, judged(j[0], j[1], 1))
	}
	for _, c := range golden.Cases {
		var hits []map[string]any
		for query, list := range c.Hits {
			for _, h := range list {
				hits = append(hits, hit("en", query, "en", h[0].(string), h[1].(float64)))
			}
		}
		var want []string
		for _, w := range c.Triples {
			want = append(want, fmt.Sprintf("(null) %s (null) %s (null) %s", w[0], w[1], w[2]))
		}
		slices.Sort(want)
		for _, atOnce := range []int{1, 100, 1 << 20} {
			m := NewMine()
			m.FirstRank, m.LastRank, m.Negatives, m.atOnce = 1+int(c.Options["range_min"]), int(c.Options["range_max"]), int(c.Options["num_negatives"]), atOnce
			m.Margin, m.RelativeMargin = c.Options["absolute_margin"], c.Options["relative_margin"]
			if got, dropped, err := mine(t, m, 0, hits, judgments); err != nil || !slices.Equal(got, want) {
				t.Errorf("%v, %d hits at once: %d triples, want %d; dropped %v, %v", c.Options, atOnce, len(got), len(want), dropped, err)
			}
		}
	}
}

func TestMine(t *testing.T) {
	hits := []map[string]any{
		hit("en", "q1", "de", "d2", 7), hit("en", "q1", "de", "d1", 9), hit("en", "q1", "es", "d1", 8), hit("en", "q1", "de", "d4", 6), hit("en", "q1", "de", "d3", 5),
		hit("hi", "q1", "de", "d5", 3), hit("hi", "q2", "es", "d9", 2),
	}
	judgments := []map[string]any{judged("q1", "d4", 2), judged("q1", "d2", 1), judged("q1", "d3", 0),
		{"query_id": "q1", "document_id": "d1", "grade": 2, "query_language": "en", "document_language": "de"}}
	want := func(m *Mine, seed uint64, want ...string) {
		t.Helper()
		got, dropped, err := mine(t, m, seed, hits, judgments)
		if err != nil || !slices.Equal(got, want) || dropped["query_without_relevant_document"] != 1 {
			t.Errorf("%+v: %q, want %q; dropped %v, %v", m, got, want, dropped, err)
		}
	}
	m := NewMine()
	m.Grade = 2
	// d1 is judged in German alone, d2 is judged too low to learn from, and d3 is judged not relevant
	// and languages are those of the judgments
	want(m, 1, "(null) q1 (null) d4 (null) d1", "(null) q1 (null) d4 (null) d3", "(null) q1 (null) d4 (null) d5", "en q1 de d1 de d3", "en q1 de d1 es d1")
	m.Margin = 0.5 // the lowest relevant one scores 6, and the Hindi query found none
	want(m, 1, "(null) q1 (null) d4 (null) d3", "en q1 de d1 de d3")
	m.Margin, m.Negatives, m.Choice = 0, 1, "random"
	drawn := map[string]bool{}
	for seed := range uint64(20) {
		got, _, err := mine(t, m, seed, hits, judgments)
		if err != nil || len(got) != 3 {
			t.Fatal(got, err)
		}
		drawn[got[2]] = true
		want(m, seed, got...)
	}
	if len(drawn) != 2 {
		t.Errorf("20 seeds drew %v", drawn)
	}
}

func TestMineFails(t *testing.T) {
	hits := []map[string]any{hit("en", "q1", "en", "d1", 2), hit("en", "q2", "en", "d1", 2), hit("en", "q1", "en", "d2", 1)}
	for _, c := range []struct {
		want  string
		hits  []map[string]any
		query string
	}{
		{`reading hits: the hits of query "q1" do not stand together: sort them by query`, hits, "q1"},
		{"no triples come of hits: of 2 queries, 2 have no judged document of grade 1 or more, 0 no hit that may be a negative, 0 a relevant", hits[:2], "q9"},
		{"of 2 queries, 1 have no judged document of grade 1 or more, 1 no hit that may be a negative, 0 a relevant", hits[:2], "q1"},
	} {
		if _, _, err := mine(t, NewMine(), 0, c.hits, []map[string]any{judged(c.query, "d1", 1)}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
