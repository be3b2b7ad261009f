package pipeline

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// TestMates makes a collection of pairs in two target languages, which share a source text by its id; one comes twice.
func TestMates(t *testing.T) {
	folder, file := folderWith(t, "mates.yaml")
	put(t, filepath.Join(folder, "pairs.jsonl"), `{"id": "1", "target_language": "sw", "source_text": "noon", "target_text": "adhuhuri"}
{"id": "2", "target_language": "sw", "source_text": "night", "target_text": "usiku"}
{"id": "1", "target_language": "so", "source_text": "noon", "target_text": "duhur"}
{"id": "1", "target_language": "sw", "source_text": "noon", "target_text": "mchana"}
`)
	if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		table, column string
		values        []string
	}{
		{"documents", schemas.ID, []string{"1", "2"}},
		{"documents", schemas.Text, []string{"noon", "night"}},
		{"queries", schemas.Language, []string{"sw", "sw", "so"}},
		{"queries", schemas.Text, []string{"adhuhuri", "usiku", "duhur"}},
		{"judgments", schemas.QueryID, []string{"1", "2", "1"}},
		{"judgments", schemas.DocumentID, []string{"1", "2", "1"}},
		{"judgments", schemas.QueryLanguage, []string{"sw", "sw", "so"}},
		{"judgments", schemas.DocumentLanguage, []string{"en", "en", "en"}},
	} {
		if got := values(t, filepath.Join(folder, "out", want.table+".parquet"), want.column); !slices.Equal(got, want.values) {
			t.Errorf("%s.%s: %q, want %q", want.table, want.column, got, want.values)
		}
	}
	if counts := manifestCounts(t, filepath.Join(folder, "out", "mates.manifest.json"))["stages.mates"]; counts.Dropped["duplicate_id"] != 1 {
		t.Errorf("dropped %v, want one duplicate_id", counts.Dropped)
	}
}
