package pipeline

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// TestChunk cuts documents, and searches for their passages: hits are documents, each once, and exclusions hold.
func TestChunk(t *testing.T) {
	folder, file := folderWith(t, "chunk.yaml")
	put(t, filepath.Join(folder, "documents.jsonl"), `{"id": "long", "title": "Trains", "text": "The train leaves at noon, and comes back."}
{"id": "short", "text": "At noon."}
{"id": "other", "text": "Rain today, sun tomorrow."}
`)
	put(t, filepath.Join(folder, "queries.jsonl"), `{"id": "q1", "text": "noon", "exclude": ["long"]}
{"id": "q2", "text": "comes back"}
`)
	if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	column := func(table, name string) []string {
		return values(t, filepath.Join(folder, "out", table+".parquet"), name)
	}
	for _, c := range []struct {
		table, column string
		want          []string
	}{
		{"passages", schemas.ID, []string{"long#0", "long#1", "long#2", "long#3", "short#0", "other#0", "other#1"}},
		{"passages", schemas.DocumentID, []string{"long", "long", "long", "long", "short", "other", "other"}},
		{"vectors", schemas.ID, []string{"long#0", "long#1", "long#2", "long#3", "short#0", "other#0", "other#1"}},
		{"vectors", schemas.DocumentID, []string{"long", "long", "long", "long", "short", "other", "other"}},
	} {
		if got := column(c.table, c.column); !slices.Equal(got, c.want) {
			t.Errorf("%s of %s are %q, want %q", c.column, c.table, got, c.want)
		}
	}
	for table, want := range map[string][]string{"hits": {"q1:other", "q1:short"}, "late": {"q1:other", "q1:short", "q2:long", "q2:other", "q2:short"}} {
		var got []string
		document := column(table, schemas.DocumentID)
		for i, query := range column(table, schemas.QueryID) {
			if table == "late" || query == "q1" {
				got = append(got, query+":"+document[i])
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s are %v, want %v", table, got, want)
		}
	}
	if got := manifestCounts(t, filepath.Join(folder, "out", "chunk.manifest.json"))["stages.passages"]; got.In["documents"] != 3 || got.Out["passages"] != 7 {
		t.Errorf("passages: %+v", got)
	}
}
