package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// lintFolder is a folder with lint.yaml and rows of which nearly every rule finds some.
func lintFolder(t *testing.T) (folder, file string) {
	t.Helper()
	folder, file = folderWith(t, "lint.yaml")
	put(t, filepath.Join(folder, "pairs.tsv"), strings.Join([]string{
		"leak\tWhen does the first train leave?\tКада полази први воз?",
		"near\tA document about steam locomotives in the north of the country.\tParne lokomotive na severu zemlje.",
		"latin\tThe second train.\tDrugi voz.",
		"script\tThe third train.\tรถไฟขบวนที่สาม",
		"same\tNovi Sad\tnovi  sad!",
		"letter\tThe sаme train.\tIsti voz.",
		"lost\tThe tra\uFFFDn.\tVoz.",
		"bad\tThe trainâ€™s wheels.\tTočkovi voza.",
	}, "\n"))
	put(t, filepath.Join(folder, "queries.jsonl"), `{"id": "q1", "language": "en", "text": "when does the first train leave"}
{"id": "q2", "language": "en", "text": "who drives it"}
{"id": "q3", "language": "en", "text": "where does it go"}
{"id": "q1", "language": "hi", "text": "पहली ट्रेन कब निकलती है"}
{"id": "q5", "language": "hi", "text": "कितने बजे", "exclude": ["q6"]}
{"id": "q6", "language": "hi", "text": "कहाँ से", "exclude": ["q6"]}
`)
	put(t, filepath.Join(folder, "documents.jsonl"), `{"id": "d1", "language": "en", "text": "A document about steam locomotives in the north of the country!"}
{"id": "d2", "language": "en", "text": "A document about steam locomotives in the south of the country."}
{"id": "q2", "language": "en", "text": "Nobody knows."}
{"id": "q5", "language": "en", "text": "At what time?"}
{"id": "q6", "language": "en", "text": "From where?"}
`)
	put(t, filepath.Join(folder, "judgments.jsonl"), `{"query_id": "q1", "document_id": "d1", "grade": 1}
{"query_id": "q1", "document_id": "d1", "grade": 2}
{"query_id": "q1", "document_id": "d9", "grade": 1}
{"query_id": "q2", "document_id": "d2", "grade": 0, "query_language": "en"}
{"query_id": "q2", "document_id": "d8", "grade": 0, "query_language": "en"}
{"query_id": "q9", "document_id": "d2", "grade": 1, "query_language": "en"}
{"query_id": "q9", "document_id": "d2", "grade": 1, "query_language": "fr"}
`)
	put(t, filepath.Join(folder, "triples.jsonl"), `{"query_id": "q3", "positive_id": "d1", "negative_id": "d2"}
`)
	return folder, file
}

// wantFindings are the findings of lintFolder: severity, rule, table, language, id, related id.
var wantFindings = []string{
	"error contradicting_judgments judgments - q1 d1",
	"error judgment_of_unknown_document judgments en d9 q1",
	"error judgment_of_unknown_query judgments en q9 d2",
	"error query_in_training queries en q1 leak",
	"info document_has_query_id documents en q2 q2",
	"info document_has_query_id documents en q6 q6",
	"info mixed_script bitext en letter -",
	"warning document_has_query_id documents en q5 q5",
	"warning document_in_training documents en d1 near",
	"warning document_near_training documents en d2 near",
	"warning judgment_of_unknown_document judgments en d8 q2",
	"warning mojibake bitext en bad -",
	"warning query_in_triples queries en q3 d1",
	"warning query_without_judgment queries en q3 -",
	"warning query_without_judgment queries hi q5 -",
	"warning query_without_judgment queries hi q6 -",
	"warning query_without_relevant_document queries en q2 -",
	"warning replacement_character bitext en lost -",
	"warning untranslated bitext en same same",
	"warning wrong_script bitext sr script -",
}

// linted reads findings as wantFindings writes them, sorted.
func linted(t *testing.T, file string) []string {
	t.Helper()
	columns := make([][]string, 6)
	for c, name := range []string{schemas.Severity, schemas.Rule, schemas.InTable, schemas.Language, schemas.ID, schemas.RelatedID} {
		columns[c] = values(t, file, name)
	}
	var rows []string
	for i := range columns[0] {
		row := ""
		for _, c := range columns {
			if c[i] == "" {
				c[i] = "-"
			}
			row += " " + c[i]
		}
		rows = append(rows, row[1:])
	}
	slices.Sort(rows)
	return rows
}

// TestLintStage finds one of each, in one part and in many.
func TestLintStage(t *testing.T) {
	folder, file := lintFolder(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, window := range []int{1, 2, 3, 100} {
		put(t, file, strings.Replace(string(text), "shingle: 3", fmt.Sprintf("shingle: 3, window: %d", window), 1))
		if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
			t.Fatal(err)
		}
		if got := linted(t, filepath.Join(folder, "out", "findings.parquet")); !slices.Equal(got, wantFindings) {
			t.Errorf("window %d finds\n%s\nwant\n%s", window, strings.Join(got, "\n"), strings.Join(wantFindings, "\n"))
		}
	}
}

// TestRefusal ends a run that must not go on, after the findings are written; again without lint running again; and not at all
// where nothing is found that is so bad.
func TestRefusal(t *testing.T) {
	folder, file := lintFolder(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(folder, "out", "findings.parquet")
	put(t, file, strings.Replace(string(text), "never", "error", 1))
	for range 2 {
		os.RemoveAll(filepath.Join(folder, "out"))
		err = run(t.Context(), t, file, Options{})
		var refusal *Refusal
		if !errors.As(err, &refusal) || !strings.HasPrefix(err.Error(), "stages.lint: lint has findings, and fail_on is error:\n  error query_in_training, 1: ") || strings.Contains(err.Error(), "warning") {
			t.Fatalf("the run ends with %v", err)
		}
		if got := linted(t, out); !slices.Equal(got, wantFindings) {
			t.Errorf("finds %v", got)
		}
	}
	put(t, file, strings.Replace(string(text), "fail_on: never", "fail_on: warning, ignore: [query_in_training]", 1))
	if err = run(t.Context(), t, file, Options{}); err == nil || !strings.Contains(err.Error(), "warning mojibake, 1: ") || strings.Contains(err.Error(), "query_in_training") {
		t.Errorf("the run ends with %v", err)
	}
	errorsFound := "ignore: [query_in_training, contradicting_judgments, judgment_of_unknown_document, judgment_of_unknown_query]"
	put(t, file, strings.Replace(string(text), "fail_on: never", "fail_on: error, "+errorsFound, 1))
	if err = run(t.Context(), t, file, Options{}); err != nil {
		t.Error(err)
	}
}
