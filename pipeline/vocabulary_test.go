package pipeline

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// TestVocabulary trims the sample model, whose vectors stay the same to the byte, and extends it, which lowers its fertility; all
// with the same bytes at any number of workers.
func TestVocabulary(t *testing.T) {
	folder, _ := anyWorkers(t, "vocabulary.yaml", map[string]string{
		"rare.txt": strings.Repeat("unyanyasaji wa kijinsia\nmfululizo wa tetemeko\n", 3) + "tetemeko, tetemeko!\n",
	})
	out := filepath.Join(folder, "out")
	for _, name := range []string{"q", "d"} {
		large, small := filepath.Join(out, name+".parquet"), filepath.Join(out, name+"_small.parquet")
		if ids := values(t, large, schemas.ID); len(ids) == 0 || !slices.Equal(ids, values(t, small, schemas.ID)) ||
			!array.Equal(columnOf[arrow.Array](t, large, schemas.Vector), columnOf[arrow.Array](t, small, schemas.Vector)) {
			t.Errorf("%s: trimming changed vectors", name)
		}
	}
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
