package commands

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefused runs pipelines whose input is gone: that is told to whoever looks later, and mistakes of the file are not.
func TestRefused(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	const text = `
sources:
  documents: {kind: jsonl, path: documents.jsonl, language: en}
sinks:
  documents: {kind: parquet, from: documents, path: documents.parquet}
`
	write("pipeline.yaml", text)
	write("wrong.yaml", strings.Replace(text, "from: documents", "from: document", 1))
	write("documents.jsonl", `{"id": "d1", "text": "noon"}`)
	expect(t, Done, ferry(folder, "run"))
	expect(t, Done, ferry(folder, "status"), "last succeeded at ")
	if err := os.Remove(filepath.Join(folder, "documents.jsonl")); err != nil {
		t.Fatal(err)
	}
	expect(t, Wrong, ferry(folder, "run"), "documents.jsonl does not exist")
	expect(t, 1, ferry(folder, "status"), "last failed at ", "by hand: pipeline.yaml:3:34: sources.documents.path: documents.jsonl does not exist", "succeeded last at ")
	if runs := expect(t, Done, ferry(folder, "runs")); strings.Count(runs, "\n") != 3 {
		t.Errorf("runs:\n%s", runs)
	}

	expect(t, Wrong, ferry(folder, "run", "wrong.yaml"), `did you mean "documents"?`)
	expect(t, Done, ferry(folder, "status", "wrong.yaml"), "last none")
	expect(t, Wrong, ferry(folder, "run", "--set", "work=pipeline.yaml"), "documents.jsonl does not exist", "`ferry status` will not know of this run: ")

	// What was never begun made nothing that others would have to keep.
	write("never.yaml", text)
	expect(t, Wrong, ferry(folder, "run", "never.yaml"))
	write("documents.jsonl", `{"id": "d1", "text": "noon"}`)
	expect(t, Done, ferry(folder, "gc"))
}
