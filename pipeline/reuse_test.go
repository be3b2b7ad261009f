package pipeline

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestReuse mends rows of a large file, and appends some: what was computed of other rows is not computed again, and the end is
// the same as if the file had always been so.
func TestReuse(t *testing.T) {
	const rows = 30_000
	text := func(bad string, more int) string {
		all := strings.Split(lines(rows+more, "word %d\tneno %d"), "\n")
		if bad != "" {
			all[10], all[20_000] = bad, bad
		}
		return strings.Join(all, "\n")
	}
	pipeline := "name: reuse\nsources:\n  data: {kind: bitext, path: p.tsv, languages: [en, sw]}\nstages:\n  clean: {kind: clean, from: data, collapse_space: true}\n" +
		"  again: {kind: clean, from: clean, normalization: nfc}\nsinks:\n  rows: {kind: parquet, from: again, path: out/rows.parquet}\n"
	folders := map[string]string{}
	for name, content := range map[string]string{"right": text("", 0), "longer": text("", 100), "bad": text("bad", 0)} {
		folders[name] = t.TempDir()
		put(t, filepath.Join(folders[name], "p.tsv"), content)
		put(t, filepath.Join(folders[name], "pipeline.yaml"), pipeline)
		if err := run(t.Context(), t, filepath.Join(folders[name], "pipeline.yaml"), Options{}); err != nil {
			t.Fatal(err)
		}
	}
	folder, file := folders["bad"], filepath.Join(folders["bad"], "pipeline.yaml")
	list := filepath.Join(folder, "list.tsv")
	if _, _, err := ExportQuarantine(t.Context(), filepath.Join(folder, ".ferry/quarantine/reuse.parquet"), list); err != nil {
		t.Fatal(err)
	}
	mended := strings.Replace(read(t, list), "\tbad\n", "\tword 10\tneno 10\n", 1)
	put(t, list, strings.Replace(mended, "\tbad\n", "\tword 20000\tneno 20000\n", 1))
	if done := replay(t, file, list); done.Mended != 2 {
		t.Fatal(done)
	}
	compare(t, outputs(t, folder), outputs(t, folders["right"]))
	adopted(t, folder, 4*2)
	put(t, filepath.Join(folder, "p.tsv"), text("", 100))
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, folder), outputs(t, folders["longer"]))
	adopted(t, folder, 4*2+2*2)
}

// adopted makes sure that no more shards were computed than those of the first run and so many more.
func adopted(t *testing.T, folder string, more int) {
	t.Helper()
	shards, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/clean-*/kept-*.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]int{}
	for _, s := range shards {
		folders[filepath.Dir(s)]++
	}
	files := sameFiles(t, folder, "clean-*/kept-*.arrow")
	first := 2 * len(shards) / len(folders)
	if len(files) > first+more {
		t.Errorf("%d shards were computed, in steps of %v", len(files), folders)
	}
}

// TestReuseInStore appends rows to a file twice, and has it run in new folders by an engine whose machines have nothing but a store, and then
// here: what was computed of other rows is in the store, and taken from there.
func TestReuseInStore(t *testing.T) {
	t.Setenv("FERRY_CACHE", t.TempDir())
	store := t.TempDir()
	grown := func(t *testing.T, times int) (folder, file string) {
		folder, file = badText(t)
		own := filepath.Join(folder, "own.jsonl")
		text := read(t, own)
		for i := range 100 * times {
			text += fmt.Sprintf("{\"id\": \"new %d\", \"text\": \"dawn\"}\n", i)
		}
		put(t, own, text)
		return folder, file
	}
	for times := range 3 {
		alone, file := grown(t, times)
		if err := run(t.Context(), t, withStore(t, file, ""), Options{}); err != nil {
			t.Fatal(err)
		}
		folder, file := grown(t, times)
		with := Options{Engine: somewhere, engine: &workshop{apart: true}}
		if times == 2 {
			with = Options{}
		}
		if err := run(t.Context(), t, withStore(t, file, "file://"+store), with); err != nil {
			t.Fatal(err)
		}
		compare(t, outputs(t, folder), outputs(t, alone))
	}
	found, err := filepath.Glob(filepath.Join(store, "cache/embed-*/task-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	took := map[string][]float64{} // by what was read, which is the time of whoever computed it
	for _, file := range found {
		n, problem := unseal[note]([]byte(read(t, file)))
		if problem != "" {
			t.Fatal(file, problem)
		}
		took[n.Input] = append(took[n.Input], n.CPU)
	}
	again := 0
	for _, times := range took {
		if len(times) == 3 {
			again++
		}
		if len(slices.Compact(times)) > 1 {
			t.Errorf("the same rows took %v s", times)
		}
	}
	if again < 4 || len(took) != again+3 {
		t.Errorf("of %d shards %d are in all three", len(took), again)
	}
}
