package pipeline

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkCold runs the sample pipeline where nothing is there yet. Its profiles tell what of that the cache and the ledger take:
// `make overhead`.
func BenchmarkCold(b *testing.B) {
	text, err := os.ReadFile("../pipeline.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		file := filepath.Join(b.TempDir(), "pipeline.yaml")
		put(b, file, string(text))
		if err := run(b.Context(), b, file, Options{Workers: 2}); err != nil {
			b.Fatal(err)
		}
	}
}
