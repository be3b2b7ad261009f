package pipeline

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// TestCompressedAppended adds documents where the codec is trained on others: what was compressed is taken over, the search finds old
// and new, and the end is the same as if they had always been there.
func TestCompressedAppended(t *testing.T) {
	folder, file := folderWith(t, "bounded.yaml")
	text := strings.NewReplacer("codec, from: d", "codec, from: q", "top: 10, candidates: 20", "top: 10000, candidates: 10000").Replace(read(t, file))
	search := func(folder string, files int) []string {
		t.Helper()
		put(t, filepath.Join(folder, "pipeline.yaml"), text)
		writeTokenVectors(t, filepath.Join(folder, "queries"), 1, 2)
		writeTokenVectors(t, filepath.Join(folder, "vectors"), files, 600)
		if err := run(t.Context(), t, filepath.Join(folder, "pipeline.yaml"), Options{Workers: 2}); err != nil {
			t.Fatal(err)
		}
		return distinct(values(t, filepath.Join(folder, "out", "hits.parquet"), schemas.DocumentID))
	}
	found := search(folder, 4)
	shards := len(sameFiles(t, folder, "compress-*/compressed-*.arrow"))
	more := search(folder, 5)
	if len(found) != 2400 || len(more) != 3000 {
		t.Errorf("%d documents are found, then %d", len(found), len(more))
	}
	all := len(sameFiles(t, folder, "compress-*/compressed-*.arrow"))
	if t.Logf("%d shards, then %d", shards, all); shards < 4 || all == shards || all > shards+3 {
		t.Errorf("%d shards are compressed, then %d", shards, all)
	}
	other := t.TempDir()
	search(other, 5)
	compare(t, outputs(t, folder), outputs(t, other))
}

func distinct(values []string) []string { return slices.Compact(slices.Sorted(slices.Values(values))) }

// sameFiles are the files of a cache, each once, whatever names it has.
func sameFiles(t *testing.T, folder, pattern string) (files []os.FileInfo) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, ".ferry", "cache", pattern))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(files, func(f os.FileInfo) bool { return os.SameFile(f, info) }) {
			files = append(files, info)
		}
	}
	return files
}
