package pipeline

import (
	"fmt"
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

// failing is a Reporter that tells when the first step has failed.
type failing struct {
	events
	told chan string
}

func (f *failing) Failed(step string, _ error) { f.told <- step }

// TestFailedInput has a source fail while a step waits for room to compute the shards that it has made: that is told at once, and of
// the shards none is computed any more.
func TestFailedInput(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "pipeline.yaml")
	put(t, file, `
max_bad_rows: 0
sources:
  own: {kind: jsonl, table: documents, path: own.jsonl, language: en}
stages:
  cleaned: {kind: clean, from: own}
sinks:
  cleaned: {kind: parquet, from: cleaned, path: out/cleaned.parquet}
`)
	var text strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&text, "{\"id\": \"%d\", \"text\": \"noon\"}\n", i)
	}
	put(t, filepath.Join(folder, "own.jsonl"), text.String()+"{")
	p, f := loadSmall(t, file), &failing{told: make(chan string, 1)}
	r := p.newRun(Options{Workers: 1, Reporter: f})
	var err error
	if r.units, err = p.units(t.Context(), r.store, r.hashes); err != nil {
		t.Fatal(err)
	}
	r.options.Share.markWaited(r.units)
	r.slots <- struct{}{}
	ended := make(chan error)
	go func() { ended <- r.makeAll(t.Context()) }()
	if step := <-f.told; step != "sources.own.documents" {
		t.Errorf("%s fails first", step)
	}
	<-r.slots
	if err := <-ended; err == nil || !strings.HasPrefix(err.Error(), "sources.own.documents: 1 of 2001 rows") {
		t.Errorf("the run ends with %v", err)
	}
	if made, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/clean-*/task-*")); err != nil || len(made) > 0 {
		t.Errorf("computed are %q, %v", made, err)
	}
}
