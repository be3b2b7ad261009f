package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// TestShuffle shuffles more than memory holds: in peace, and cut off while its files lie in the work folder. Both have the
// same bytes, every row once, and no file is left.
func TestShuffle(t *testing.T) {
	var documents strings.Builder
	var ids []string
	for i := range 5000 {
		ids = append(ids, fmt.Sprint("d", i))
		fmt.Fprintf(&documents, `{"id": "d%d", "text": "%s %d"}`+"\n", i, strings.Repeat("passage ", i%200), i)
	}
	peace, file := folderWith(t, "shuffle.yaml")
	put(t, filepath.Join(peace, "documents.jsonl"), documents.String())
	if err := run(t.Context(), t, file, Options{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	mixed := values(t, filepath.Join(peace, "out", "mixed.parquet"), schemas.ID)
	if slices.Equal(mixed, ids) || !slices.Equal(slices.Sorted(slices.Values(mixed)), slices.Sorted(slices.Values(ids))) {
		t.Errorf("%d documents became %d others, or stay in order", len(ids), len(mixed))
	}
	folder, file := folderWith(t, "shuffle.yaml")
	put(t, filepath.Join(folder, "documents.jsonl"), documents.String())
	scratch := func() []string {
		found, _ := filepath.Glob(filepath.Join(folder, ".ferry/cache/shuffle-*/scratch/*"))
		return found
	}
	ctx, cancel := context.WithCancel(t.Context())
	var left []string
	err := run(ctx, t, file, Options{Workers: 4, Reporter: &events{progress: func(step string) {
		if step == "stages.mixed" && left == nil {
			if left = scratch(); left != nil {
				cancel()
			}
		}
	}}})
	if !errors.Is(err, context.Canceled) || len(left) == 0 || len(scratch()) > 0 {
		t.Fatalf("cut off with %d files, of which %d stay: %v", len(left), len(scratch()), err)
	}
	if err := os.MkdirAll(filepath.Dir(left[0]), 0o777); err != nil { // as if it had been killed
		t.Fatal(err)
	}
	put(t, left[0], "half a file")
	if err := run(t.Context(), t, file, Options{Workers: 4}); err != nil {
		t.Fatal(err)
	}
	if want, got := outputs(t, peace), outputs(t, folder); len(want) == 0 || !maps.Equal(want, got) || len(scratch()) > 0 {
		t.Errorf("outputs differ: %v, want %v; %d files are left", got, want, len(scratch()))
	}
}
