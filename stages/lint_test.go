package stages

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/schemas"
)

// tableOf makes a table of JSON objects.
func tableOf(t *testing.T, name string, schema *arrow.Schema, rows ...string) schemas.Table {
	t.Helper()
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader("["+strings.Join(rows, ",")+"]"))
	if err != nil {
		t.Fatal(err)
	}
	return schemas.Table{Name: name, Schema: schema, Rows: batch.NumRows(), Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) { yield(batch, nil) }
	}}
}

// lintTables lints tables and returns the findings as severity, rule, language, id and count.
func lintTables(t *testing.T, tables map[string][]schemas.Table) (rows []schemas.Finding) {
	t.Helper()
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	l := NewLint()
	l.FailOn = "never"
	out := schemas.Output{Allocator: checked, Emit: func(batch arrow.RecordBatch) error {
		for i := range int(batch.NumRows()) {
			rows = append(rows, schemas.FindingAt(batch, i))
		}
		return nil
	}}
	job := Job{Tables: tables, Outputs: map[string]schemas.Output{"findings": out}, Workers: 2, Progress: func(int64, int64, string) {}}
	if _, err := l.Run(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	return rows
}

func rulesOf(findings []schemas.Finding) (rules []string) {
	for _, f := range findings {
		rules = append(rules, f.Severity+" "+f.Rule+" "+f.Language+" "+f.ID)
	}
	slices.Sort(rules)
	return rules
}

// TestLintIDs tells rows apart by language and id, and passages by their own ids though judgments name their documents.
func TestLintIDs(t *testing.T) {
	queries := tableOf(t, "queries", schemas.Queries(), `{"language": "en", "id": "1", "text": "noon", "exclude": []}`,
		`{"language": "sw", "id": "1", "text": "adhuhuri", "exclude": []}`, `{"language": "en", "id": "1", "text": "morning", "exclude": []}`)
	passages := tableOf(t, "passages", schemas.Passages(), `{"language": "en", "id": "d#0", "title": "", "text": "at noon", "document_id": "d"}`,
		`{"language": "en", "id": "d#1", "title": "", "text": " ", "document_id": "d"}`, `{"language": "en", "id": "e#0", "title": "a title", "text": "", "document_id": "e"}`)
	judgments := tableOf(t, "judgments", schemas.Judgments(), `{"query_id": "1", "document_id": "d", "grade": 1}`, `{"query_id": "1", "document_id": "f", "grade": 1, "document_language": "de"}`)
	got := rulesOf(lintTables(t, map[string][]schemas.Table{"queries": {queries}, "documents": {passages}, "judgments": {judgments}}))
	want := []string{"error duplicate_id en 1", "error empty_text en d"}
	if !slices.Equal(got, want) {
		t.Errorf("finds %q, want %q", got, want)
	}
}

// TestLintShared says once that documents are trained on, and compares the queries with them all the same.
func TestLintShared(t *testing.T) {
	queries := tableOf(t, "queries", schemas.Queries(), `{"language": "en", "id": "1", "text": "Noon?", "exclude": []}`)
	documents := tableOf(t, "documents", schemas.Documents(), `{"language": "en", "id": "a", "title": "", "text": "noon"}`,
		`{"language": "en", "id": "b", "title": "", "text": "NOON"}`)
	found := lintTables(t, map[string][]schemas.Table{"queries": {queries}, "documents": {documents}, "training": {documents}})
	want := []string{"error query_in_training en 1", "info documents_trained_on  "}
	if got := rulesOf(found); !slices.Equal(got, want) || found[0].Count != 2 {
		t.Errorf("finds %+v, want %q", found, want)
	}
}

// TestLintNothing finds nothing where there is nothing to find, not even in empty tables.
func TestLintNothing(t *testing.T) {
	pairs := tableOf(t, "pairs", schemas.Pairs(), `{"id": "1", "source_language": "en", "target_language": "sw", "source_text": "noon", "target_text": "adhuhuri", "origin": ""}`,
		`{"id": "2", "source_language": "en", "target_language": "sw", "source_text": "12:00", "target_text": "12:00", "origin": ""}`)
	for _, tables := range []map[string][]schemas.Table{
		{"training": {pairs}},
		{"training": {pairs}, "queries": {tableOf(t, "queries", schemas.Queries())}, "documents": {tableOf(t, "documents", schemas.Documents())}, "judgments": {tableOf(t, "judgments", schemas.Judgments())}},
	} {
		if got := lintTables(t, tables); len(got) > 0 {
			t.Errorf("finds %+v", got)
		}
	}
}

// TestProblems finds what is wrong with a text, and quotes it, whatever its bytes are.
func TestProblems(t *testing.T) {
	long := strings.Repeat("noon ", 100)
	for _, c := range []struct{ language, text, want string }{
		{"en", "noon", ""}, {"en", "", ""}, {"en", "12:00", ""}, {"xx", "полдень", ""}, {"en", "n\xffoon", ""},
		{"en", long + "n\uFFFDon" + long, `warning replacement_character "oon noon noon noon n` + "\uFFFDonnoon noon"},
		{"en", "полдень, noon", `warning wrong_script 36 % of its letters are in the script of en: "полдень, noon"`},
		{"ru", "пoлдень", `info mixed_script "пoлдень" is written "\u043fo\u043b\u0434\u0435\u043d\u044c"`},
		{"de", "sch\u00C3\u00B6n", `warning mojibake "schÃ¶n"`},
	} {
		l := NewLint()
		l.MinScript = 0.5
		got := ""
		for _, p := range (&linting{Lint: l}).problems(text.Part{Language: c.language, Text: c.text}) {
			got += p.severity + " " + p.rule + " " + p.detail
		}
		if got != c.want && !(len(c.text) > 200 && strings.HasPrefix(got, c.want) && len(got) < 200) {
			t.Errorf("%q has %q, want %q", c.text, got, c.want)
		}
	}
}
