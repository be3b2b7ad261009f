package pipeline

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/ferry-clir/ferry/pipeline/tables"
)

// TestInspectDamaged changes every few bytes of a Parquet and of an Arrow file, and cuts both short: whatever Inspect says
// of them, it returns.
func TestInspectDamaged(t *testing.T) {
	folder, file := folderWith(t, "tiny.yaml")
	if err := run(t.Context(), t, file, Options{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	shards, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/embed-*/vectors-00000.arrow"))
	if err != nil || len(shards) == 0 {
		t.Fatalf("%d shards, %v", len(shards), err)
	}
	damaged := filepath.Join(folder, "damaged")
	for _, whole := range []string{filepath.Join(folder, "out/documents.parquet"), shards[0]} {
		data, err := os.ReadFile(whole)
		if err != nil {
			t.Fatal(err)
		}
		if err := tables.Inspect(t.Context(), io.Discard, whole, 3, ColumnDocs); err != nil {
			t.Fatal(err)
		}
		refused := 0
		inspect := func(changed []byte) {
			if err := os.WriteFile(damaged, changed, 0o666); err != nil {
				t.Fatal(err)
			}
			if tables.Inspect(t.Context(), io.Discard, damaged, 3, ColumnDocs) != nil {
				refused++
			}
		}
		step := max(1, len(data)/400)
		for i := 0; i < len(data); i += step {
			inspect(data[:i])
			data[i] ^= 0xff
			inspect(data)
			data[i] ^= 0xff
		}
		if refused < 400 {
			t.Errorf("%s: %d damaged files were refused", whole, refused)
		}
	}
}
