package pipeline

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// TestConcatenate puts tables one after the other, one of them twice: every row is there, in order, at any number of workers.
func TestConcatenate(t *testing.T) {
	folder, _ := anyWorkers(t, "concatenate.yaml", map[string]string{
		"a.jsonl": `{"id": "a1", "text": "one"}` + "\n" + `{"id": "a2", "text": "two"}` + "\n",
		"b.jsonl": `{"id": "b1", "text": "three"}` + "\n",
	})
	want := []string{"b1", "a1", "a2", "b1"}
	if got := values(t, filepath.Join(folder, "out", "all.parquet"), schemas.ID); !slices.Equal(got, want) {
		t.Errorf("rows are %v, want %v", got, want)
	}
	counted := manifestCounts(t, filepath.Join(folder, "out", "concatenate.manifest.json"))["stages.all"]
	if counted.Out["rows"] != 4 || counted.In["a"] != 2 {
		t.Errorf("the manifest counts %+v", counted)
	}
}
