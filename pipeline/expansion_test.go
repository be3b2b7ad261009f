package pipeline

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestMaxExpansion reads a file that expands as no text does, which the pipeline allows in the end.
func TestMaxExpansion(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "pipeline.yaml")
	put(t, filepath.Join(folder, "p.tsv.gz"), gzipped(strings.Repeat(strings.Repeat("noon ", 200_000)+"\tadhuhuri\n", 18)))
	for _, c := range []struct{ keys, want string }{
		{"", "times its size, which no text does; if it is to be trusted, raise max_expansion"},
		{"max_expansion: 0\n", "pipeline.yaml:1:16: max_expansion: should be at least 1, is 0"},
		{"max_expansion: 5000\n", ""},
	} {
		put(t, file, c.keys+"name: bomb\nsources: {data: {kind: bitext, path: p.tsv.gz, languages: [en, sw]}}\n"+
			"sinks: {rows: {kind: parquet, from: data, path: out/rows.parquet}}\n")
		err := run(t.Context(), t, file, Options{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: %v, want %q", c.keys, err, c.want)
		}
	}
}
