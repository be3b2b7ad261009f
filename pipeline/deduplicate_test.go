package pipeline

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

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
	put(t, filepath.Join(folder, "judgments.jsonl"), `{"query_id": "q1", "document_id": "d3", "grade": 2, "document_language": "en"}
{"query_id": "q1", "document_id": "d1", "grade": 1, "document_language": "en"}
{"query_id": "q1", "document_id": "d1", "grade": 0, "document_language": "de"}
{"query_id": "q2", "document_id": "d3", "grade": 1}
{"query_id": "q2", "document_id": "d2", "grade": 1, "document_language": "en"}
{"query_id": "q3", "document_id": "d1", "grade": 1, "query_language": "en"}
`)
	put(t, filepath.Join(folder, "queries.jsonl"), `{"id": "q1", "text": "adhuhuri"}
{"id": "q2", "text": "adhuhuri"}
{"id": "q3", "text": "adhuhuri"}
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
	for table, want := range map[string]string{
		"judged":  "q1 d1 2, q1 d1 2, q1 d1 0, q2 d3 1, q2 d2 1, q3 d1 1",
		"queries": "q1 d3 2, q1 d1 1, q1 d1 0, q1 d3 1, q1 d2 1, q3 d1 1",
	} {
		file := filepath.Join(folder, "out", table+".parquet")
		var got []string
		grades := columnOf[*array.Int32](t, file, schemas.Grade)
		for i, query := range values(t, file, schemas.QueryID) {
			got = append(got, fmt.Sprint(query, " ", values(t, file, schemas.DocumentID)[i], " ", grades.Value(i)))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("judgments of %s are %q, want %q", table, got, want)
		}
	}
}
