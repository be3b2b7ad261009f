package pipeline

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// TestAudit audits two tokenizers on documents and pairs: rows in order, the same bytes at any number of workers, a page with
// both, and an empty table that is no error.
func TestAudit(t *testing.T) {
	folder, _ := anyWorkers(t, "audit.yaml", map[string]string{
		"documents.jsonl": `{"id": "1", "language": "sw", "text": "Habari ya asubuhi"}
{"id": "2", "language": "th", "text": "สวัสดี"}
{"id": "3", "language": "sw", "text": "123 — 456"}
`,
		"pairs.tsv": "Good morning\tHabari ya asubuhi\n", "none.txt": "\n",
	})
	audit := filepath.Join(folder, "out", "report", "audit.parquet")
	for column, want := range map[string][]string{
		schemas.Variant: {"a", "a", "a", "a", "b", "b", "b", "b"}, schemas.Language: {"en", "sw", "sw", "th", "en", "sw", "sw", "th"},
		schemas.ScriptCode: {"Latn", "Latn", "Zyyy", "Thai", "Latn", "Latn", "Zyyy", "Thai"},
	} {
		if got := values(t, audit, column); !slices.Equal(got, want) {
			t.Errorf("%s is %v, want %v", column, got, want)
		}
	}
	for column, want := range map[string][]int64{schemas.TextCount: {1, 2, 1, 1, 1, 2, 1, 1}, schemas.Words: {2, 6, 2, 4, 2, 6, 2, 4}} {
		if got := columnOf[*array.Int64](t, audit, column).Int64Values(); !slices.Equal(got, want) {
			t.Errorf("%s is %v, want %v", column, got, want)
		}
	}
	if got, want := columnOf[*array.Int32](t, audit, schemas.MaxTokens).Int32Values(), []int32{8, 8, 8, 8, 128, 128, 128, 128}; !slices.Equal(got, want) {
		t.Errorf("max_tokens is %v, want %v", got, want)
	}
	for report, tokenizers := range map[string]int{"report": 2, "nothing": 0} {
		page, err := os.ReadFile(filepath.Join(folder, "out", report, "report.html"))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(page), `<li><svg width="14"`); got != tokenizers || !strings.Contains(string(page), "tokens a word") {
			t.Errorf("%s has %d tokenizers in its legend, want %d", report, got, tokenizers)
		}
		if report == "nothing" {
			continue
		}
		made, err := os.ReadFile(filepath.Join(folder, "documents.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{fmt.Sprintf("<td>documents.jsonl</td><td>not known to ferry</td><td>%x</td>", sha256.Sum256(made)),
			"<td>sample:tokenizer.json</td><td>Apache 2.0, built in</td>", "<code>ferry run pipeline.yaml</code>"} {
			if !strings.Contains(string(page), want) {
				t.Errorf("there is no %s in\n%s", want, page)
			}
		}
	}
}
