package stages

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// evaluate returns the rows of scores, as measure and query with value, tie_low and tie_high, and what was warned of.
func evaluate(t *testing.T, e *Evaluate, hits, judgments []map[string]any) (rows map[string]string, warned []string) {
	t.Helper()
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	rows = map[string]string{}
	out := schemas.Output{Allocator: checked, Warn: func(text string) { warned = append(warned, text) }, Emit: func(batch arrow.RecordBatch) error {
		for i := range int(batch.NumRows()) {
			of := func(name string) string {
				return short(batch.Column(batch.Schema().FieldIndices(name)[0]).ValueStr(i))
			}
			rows[of(schemas.Measure)+" "+of(schemas.QueryID)] = of(schemas.Value) + " " + of(schemas.TieLow) + " " + of(schemas.TieHigh)
		}
		return nil
	}}
	_, err := e.Run(t.Context(), Job{Seed: 1, Outputs: map[string]schemas.Output{"scores": out}, Progress: func(int64, int64, string) {},
		Tables: map[string][]schemas.Table{
			"hits":      {inMemory(t, checked, "hits", schemas.Hits(), hits, 7)},
			"judgments": {inMemory(t, checked, "judgments", schemas.Judgments(), judgments, 5)},
		}})
	if err != nil {
		t.Fatal(err)
	}
	return rows, warned
}

// TestEvaluateMixedPool: judgments of documents in any language are of those in all languages of the pool, also for a query
// that found documents in one language only.
func TestEvaluateMixedPool(t *testing.T) {
	swahili := judged("q2", "d5", 1)
	swahili[schemas.DocumentLanguage] = "sw"
	e := NewEvaluate()
	e.Measures = []string{"R@2", "share(*)@2", "relevant_share(*)", "hole(*)@2", "hole@2"}
	rows, warned := evaluate(t, e, []map[string]any{
		hit("en", "q1", "en", "d1", 3), hit("en", "q1", "sw", "d1", 2), hit("en", "q1", "sw", "d2", 1),
		hit("en", "q2", "en", "d4", 3), hit("en", "q2", "en", "d3", 2),
	}, []map[string]any{judged("q1", "d1", 1), judged("q2", "d3", 1), swahili})
	want := map[string]string{
		"R@2 q1": "1", "R@2 q2": "0.333333", "share(en)@2 q1": "0.5", "share(sw)@2 q1": "0.5", "share(en)@2 q2": "1", "share(sw)@2 q2": "0",
		"relevant_share(en) q2": "0.333333", "relevant_share(sw) q2": "0.666667", "hole@2 q2": "0.5", "hole(en)@2 q2": "0.5", "hole(sw)@2 q2": "0",
		"share(sw)@2 (null)": "0.25", "relevant_share(sw) (null)": "0.583333", "hole@2 (null)": "0.25",
	}
	for row, value := range want {
		if rows[row] != value+" "+value+" "+value {
			t.Errorf("%s is %s, want %s", row, rows[row], value)
		}
	}
	if len(rows) != 3*8 || len(warned) != 1 || !strings.Contains(warned[0], "document_languages") {
		t.Errorf("%d rows: %q, warnings %q", len(rows), slices.Sorted(maps.Keys(rows)), warned)
	}
}

// TestEvaluateDocumentLanguages: with the languages of the pool named, what is relevant does not depend on what was found.
func TestEvaluateDocumentLanguages(t *testing.T) {
	judgments := []map[string]any{judged("q1", "d1", 1), judged("q2", "d2", 1)}
	english := []map[string]any{hit("en", "q1", "en", "d1", 3), hit("en", "q2", "en", "d2", 3)}
	for _, hits := range [][]map[string]any{english, append(english, hit("en", "q2", "sw", "d9", 1))} {
		e := NewEvaluate()
		e.Measures, e.DocumentLanguages = []string{"R@2"}, []string{"sw", "en"}
		if rows, warned := evaluate(t, e, hits, judgments); rows["R@2 q1"] != "0.5 0.5 0.5" || rows["R@2 q2"] != "0.5 0.5 0.5" || len(warned) > 0 {
			t.Errorf("of %d hits: %q, warnings %q", len(hits), rows, warned)
		}
	}
}

// TestEvaluateAbsent: judged queries that nothing was found for are told of.
func TestEvaluateAbsent(t *testing.T) {
	_, warned := evaluate(t, NewEvaluate(), []map[string]any{hit("en", "q1", "en", "d1", 3)}, []map[string]any{judged("q1", "d1", 1), judged("q2", "d2", 1)})
	if len(warned) != 1 || !strings.Contains(warned[0], "1 of the 2 queries in en have no hits") {
		t.Errorf("warnings %q", warned)
	}
}

// TestEvaluateQueryLanguages: a language in which nothing was found is told of, and counts as 0 where it is named.
func TestEvaluateQueryLanguages(t *testing.T) {
	hits := []map[string]any{hit("en", "q1", "en", "d1", 3)}
	hindi := judged("q1", "d1", 1)
	hindi[schemas.QueryLanguage] = "hi"
	for _, judgments := range [][]map[string]any{{judged("q1", "d1", 1)}, {judged("q1", "d1", 1), hindi}} {
		e := NewEvaluate()
		e.Measures = []string{"R@1"}
		if rows, warned := evaluate(t, e, hits, judgments); rows["R@1 (null)"] != "1 1 1" || len(warned) != len(judgments)-1 {
			t.Errorf("of the hits' languages: %q, warnings %q", rows, warned)
		}
		e.QueryLanguages = []string{"hi"}
		for e.NothingRelevant = range map[string]bool{"zero": true, "skip": true} {
			if rows, warned := evaluate(t, e, hits, judgments); rows["R@1 q1"] != "0 0 0" || rows["R@1 (null)"] != "0 0 0" || len(warned) != 1 || !strings.Contains(warned[0], "1 of the 1 queries in hi have no hits") {
				t.Errorf("of Hindi: %q, warnings %q", rows, warned)
			}
		}
	}
}

// TestEvaluateOneLanguage: a share may be asked of documents in one language, whose judgments name another one, too.
func TestEvaluateOneLanguage(t *testing.T) {
	german := judged("q", "d2", 1)
	german[schemas.DocumentLanguage] = "de"
	e := NewEvaluate()
	e.Measures = []string{"share(*)@1", "relevant_share(en)", "R@1"}
	rows, _ := evaluate(t, e, []map[string]any{hit("sw", "q", "en", "d1", 3)}, []map[string]any{judged("q", "d1", 1), german})
	for _, row := range []string{"share(en)@1 q", "relevant_share(en) q", "R@1 q"} {
		if rows[row] != "1 1 1" {
			t.Errorf("%s is %s, want 1", row, rows[row])
		}
	}
}

func TestEvaluateTies(t *testing.T) {
	e := NewEvaluate()
	e.Measures, e.Variant = []string{"RR", "infAP", "set_P"}, "int8"
	rows, warned := evaluate(t, e, []map[string]any{hit("en", "q", "en", "d1", 1), hit("en", "q", "en", "d2", 1), hit("en", "q", "en", "d3", 1)},
		[]map[string]any{judged("q", "d2", 1)})
	want := map[string]string{"RR q": "0.5 0.333333 1", "RR (null)": "0.5 0.333333 1", "infAP q": "0.5 (null) (null)", "set_P q": "0.333333 0.333333 0.333333"}
	for row, values := range want {
		if rows[row] != values {
			t.Errorf("%s is %s, want %s", row, rows[row], values)
		}
	}
	if len(warned) != 1 || !strings.Contains(warned[0], "RR of int8 of queries in en is 0.5000, and from 0.3333 to 1.0000 in other orders of documents with equal scores") {
		t.Errorf("warnings %q", warned)
	}
}

func TestEvaluateRefusesCounts(t *testing.T) {
	e := NewEvaluate()
	e.Measures = []string{"AP", "num_rel", "gm_map"}
	found := e.Validate()
	if len(found) != 2 || found[0].Key != "measures[1]" || !strings.Contains(found[1].Problem, "gm_AP is no mean over queries") {
		t.Errorf("mistakes %v", found)
	}
}
