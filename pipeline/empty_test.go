package pipeline

import (
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
