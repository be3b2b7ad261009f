package pipeline

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// TestConcatenate puts tables one after the other, one of them twice: every row is there, in order, at any number of workers.
func TestConcatenate(t *testing.T) {
	for _, workers := range []int{1, 3} {
		folder, file := folderWith(t, "concatenate.yaml")
		put(t, filepath.Join(folder, "a.jsonl"), `{"id": "a1", "text": "one"}`+"\n"+`{"id": "a2", "text": "two"}`+"\n")
		put(t, filepath.Join(folder, "b.jsonl"), `{"id": "b1", "text": "three"}`+"\n")
		if err := run(t.Context(), t, file, Options{Workers: workers}); err != nil {
			t.Fatal(err)
		}
		want := []string{"b1", "a1", "a2", "b1"}
		if got := values(t, filepath.Join(folder, "out", "all.parquet"), schemas.ID); !slices.Equal(got, want) {
			t.Errorf("with %d workers: rows %v, want %v", workers, got, want)
		}
		counted := manifestCounts(t, filepath.Join(folder, "out", "concatenate.manifest.json"))["stages.all"]
		if counted.Out["rows"] != 4 || counted.In["a"] != 2 {
			t.Errorf("with %d workers: the manifest counts %+v", workers, counted)
		}
	}
}
