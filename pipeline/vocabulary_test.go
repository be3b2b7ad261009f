package pipeline

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// TestVocabulary trims the sample model, whose vectors stay the same to the byte, and extends it, which lowers its fertility; all
// with the same bytes at any number of workers.
func TestVocabulary(t *testing.T) {
	folder, _ := anyWorkers(t, "vocabulary.yaml", map[string]string{
		"rare.txt": strings.Repeat("unyanyasaji wa kijinsia\nmfululizo wa tetemeko\n", 3) + "tetemeko, tetemeko!\n",
	})
	sums := outputs(t, folder)
	for _, name := range []string{"q", "d"} {
		if sums[name+".parquet"] == "" || sums[name+".parquet"] != sums[name+"_small.parquet"] {
			t.Errorf("%s: trimming changed vectors: %v", name, sums)
		}
	}
	out := filepath.Join(folder, "out")
	if got := values(t, filepath.Join(out, "added.parquet"), schemas.Piece); len(got) == 0 || got[0] != "▁tetemeko" {
		t.Errorf("added are %q", got)
	}
	fertility := columnOf[*array.Float64](t, filepath.Join(out, "audit", "audit.parquet"), schemas.Fertility).Float64Values()
	if len(fertility) != 3 || fertility[0] < 2 || fertility[1] > 1.5 || fertility[1] != fertility[2] {
		t.Errorf("fertility is %v before, after, and trimmed after that", fertility)
	}
	if got := values(t, filepath.Join(out, "audit", "audit.parquet"), schemas.Variant); !slices.Equal(got, []string{"start", "more", "once"}) {
		t.Errorf("variants are %v", got)
	}
}
