package pipeline

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// TestDeduplicate keeps the first of what comes again: exactly, nearly, and within a window.
func TestDeduplicate(t *testing.T) {
	folder, file := folderWith(t, "deduplicate.yaml")
	put(t, filepath.Join(folder, "pairs.tsv"), strings.Join([]string{
		"first\tThe train leaves at noon every day.\tTreni huondoka adhuhuri kila siku.",
		"other\tThe train leaves at noon every day.\tGari moshi linaondoka saa sita mchana.",
		"again\tThe train leaves at noon every day.\tTreni huondoka adhuhuri kila siku.",
		"nearly\tthe train  leaves at noon every day!\tTreni huondoka adhuhuri kila siku!",
	}, "\n"))
	put(t, filepath.Join(folder, "documents.jsonl"), `{"id": "d1", "language": "en", "title": "a", "text": "noon"}
{"id": "d2", "language": "en", "title": "b", "text": "noon"}
{"id": "d1", "language": "de", "title": "a", "text": "noon"}
{"id": "d3", "language": "en", "title": "a", "text": "noon"}
`)
	if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	counted := manifestCounts(t, filepath.Join(folder, "out", "deduplicate.manifest.json"))
	for _, c := range []struct {
		table, step string
		want        []string
		dropped     map[string]int64
	}{
		{"exact", "exact", []string{"first", "other", "nearly"}, map[string]int64{"duplicate": 1}},
		{"near", "near", []string{"first", "other"}, map[string]int64{"duplicate": 1, "near_duplicate": 1}},
		{"narrow", "narrow", []string{"first", "other", "again", "nearly"}, nil},
		{"documents", "documents_once", []string{"d1", "d2", "d1"}, map[string]int64{"duplicate": 1}},
	} {
		if got := values(t, filepath.Join(folder, "out", c.table+".parquet"), schemas.ID); !slices.Equal(got, c.want) {
			t.Errorf("%s keeps %v, want %v", c.table, got, c.want)
		}
		if got := counted["stages."+c.step]; !maps.Equal(got.Dropped, c.dropped) || got.Out["kept"] != int64(len(c.want)) {
			t.Errorf("%s: %+v", c.table, got)
		}
	}
}
