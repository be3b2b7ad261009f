package pipeline

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// TestClean cleans a few pairs and documents. Each row that is left out is counted under its reason.
func TestClean(t *testing.T) {
	folder, file := folderWith(t, "clean.yaml")
	put(t, filepath.Join(folder, "pairs.tsv"), strings.Join([]string{
		"good\tthe ﬁrst\u00AD \u00A0 train\tรถไฟเที่ยวแรก", "short\ta\tรถไฟ", "long\tthe train that comes first\tรถไฟ",
		"ratio\tthe first train\tรถไฟ", "script\tnoon\tnoon", "empty\t\uFEFF\tเที่ยง", "number\t12:00\t12:00",
	}, "\n"))
	put(t, filepath.Join(folder, "documents.jsonl"), `{"id": "d1", "title": "द  ो", "text": "क\u093C"}
{"id": "d2", "text": "दोपहर की  गाड़ी"}
`)
	put(t, filepath.Join(folder, "mixed.jsonl"), `{"id": "own", "text": "Treni inaondoka saa sita mchana."}
{"id": "english", "text": "Call my sister."}
`)
	put(t, filepath.Join(folder, "languages.model"), read(t, "../model/fasttext/testdata/hs.model"))
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
		{"pairs", schemas.ID, []string{"good", "number"}},
		{"pairs", schemas.SourceText, []string{"the first train", "12:00"}},
		{"pairs", schemas.TargetText, []string{"รถไฟเที่ยวแรก", "12:00"}},
		{"short", schemas.ID, []string{"d1"}},
		{"short", schemas.Title, []string{"द ो"}},
		{"short", schemas.Text, []string{"क\u093C"}}, // U+0958 is not composed: Unicode excludes it
		{"swahili", schemas.ID, []string{"own"}},
		{"plain", schemas.Text, column("same", schemas.Text)},
	} {
		if got := column(c.table, c.column); !slices.Equal(got, c.want) {
			t.Errorf("%s of %s are %q, want %q", c.column, c.table, got, c.want)
		}
	}
	counted := manifestCounts(t, filepath.Join(folder, "out", "clean.manifest.json"))
	want := map[string]int64{"too_short": 1, "too_long": 1, "length_ratio": 1, "wrong_script": 1, "empty": 1}
	if got := counted["stages.pairs"]; !maps.Equal(got.Dropped, want) || got.In["bitext"] != 7 || got.Out["kept"] != 2 {
		t.Errorf("pairs: %+v", got)
	}
	if got := counted["stages.swahili"]; !maps.Equal(got.Dropped, map[string]int64{"wrong_language": 1}) {
		t.Errorf("swahili: %+v", got)
	}
	if got := counted["stages.plain"]; got.Out["kept"] != 2 || len(got.Dropped) > 0 {
		t.Errorf("plain: %+v", got)
	}
}
