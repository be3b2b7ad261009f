package pipeline

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

// TestEmptySource: a file that has been emptied is told of, before what was made of it is taken for a result.
func TestEmptySource(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "pipeline.yaml")
	put(t, filepath.Join(folder, "documents.jsonl"), "\n")
	put(t, file, `sources: {d: {kind: jsonl, table: documents, path: documents.jsonl, language: en}}
sinks: {copy: {kind: parquet, from: d, path: out/d.parquet}}
`)
	if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	counts := manifestCounts(t, filepath.Join(folder, "out", "pipeline.manifest.json"))["sources.d.documents"]
	if len(counts.Warnings) != 1 || !strings.Contains(counts.Warnings[0], "there are no documents") {
		t.Errorf("the manifest says nothing of it: %+v", counts)
	}
}

// TestEmptied empties a file between two runs: the second fails and leaves what the first has written, until it is told that this is
// meant.
func TestEmptied(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "pipeline.yaml")
	text := `sources: {d: {kind: jsonl, table: documents, path: documents.jsonl, language: en}}
sinks: {copy: {kind: parquet, from: d, path: out/d.parquet}}
`
	put(t, file, text)
	put(t, filepath.Join(folder, "documents.jsonl"), lines(7, `{"id": "d%d", "text": "noon %d"}`))
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	before := outputs(t, folder)
	put(t, filepath.Join(folder, "documents.jsonl"), "")
	if plan := planOf(t, file); !strings.Contains(plan, "warning: sources.d.documents will fail: there are no documents, and there were 7") {
		t.Errorf("the plan is\n%s", plan)
	}
	for range 2 {
		if err := run(t.Context(), t, file, Options{}); err == nil || !strings.Contains(err.Error(), "sources.d.documents: there are no documents, and there were 7 when this was made last") {
			t.Errorf("ends with %v", err)
		}
		if after := outputs(t, folder); len(before) != 1 || !maps.Equal(after, before) {
			t.Errorf("outputs are %v, want %v", after, before)
		}
	}
	put(t, file, "max_bad_rows: 100%\n"+text)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Error(err)
	}
	put(t, file, text) // it is known now
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Error(err)
	}
}
