package pipeline

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFailures lets two of four cells fail, one while it is read and one when it is embedded. The others are made, what
// needs the failed ones is not, both failures are told, and a run after they are mended makes what is missing and no more.
func TestFailures(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "pipeline.yaml")
	put(t, file, `
max_bad_rows: 0
matrix: {text: [one, none, two, twice]}
sources:
  own: {kind: jsonl, table: documents, path: "${matrix.text}.jsonl", language: en}
models:
  base: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8}
stages:
  vectors: {kind: embed, from: own, model: base}
sinks:
  each: {kind: parquet, from: vectors, path: "out/${matrix.text}.parquet"}
  all: {kind: parquet, from: vectors, path: out/all.parquet}
`)
	for name, text := range map[string]string{
		"one": `{"id": "1", "text": "noon"}`, "none": `{"id": `, "two": `{"id": "2", "text": "adhuhuri"}`,
		"twice": `{"id": "3", "text": "dawn"}` + "\n" + `{"id": "3", "text": "dusk"}`,
	} {
		put(t, filepath.Join(folder, name+".jsonl"), text+"\n")
	}
	record := &Record{}
	err := run(t.Context(), t, file, Options{Workers: 2, Record: record})
	want := "2 steps failed, and 5 that need them were not made; all others were:\n" +
		"sources.own[none].documents: 1 of 1 rows could not be used, and max_bad_rows allows 0; the first is none.jsonl:1: "
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "\nsources.own[twice].documents: 1 of 2 rows") {
		t.Errorf("the run ends with\n%v\nwant\n%s...", err, want)
	}
	if record.Outcome != Failed || record.Bad != 2 || record.Rows != 4 {
		t.Errorf("of two bad rows the record says %+v", record)
	}
	if made := slices.Sorted(maps.Keys(outputs(t, folder))); !slices.Equal(made, []string{"one.parquet", "two.parquet"}) {
		t.Errorf("made are %q", made)
	}
	put(t, filepath.Join(folder, "none.jsonl"), `{"id": "4", "text": "night"}`+"\n")
	put(t, filepath.Join(folder, "twice.jsonl"), `{"id": "3", "text": "dawn"}`+"\n")
	var o order
	if err := run(t.Context(), t, file, Options{Workers: 2, Reporter: &o}); err != nil {
		t.Fatal(err)
	}
	for _, told := range o.told {
		if strings.Contains(told, "[one]") || strings.Contains(told, "[two]") {
			t.Errorf("made again: %s", told)
		}
	}
	if made := outputs(t, folder); len(made) != 5 {
		t.Errorf("%d files, want 5", len(made))
	}
}
