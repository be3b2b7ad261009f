package pipeline

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/sources/phrasebook"
)

// damagedModel writes a model in which damage has been at the word embedding, (width), of each token of a word.
func damagedModel(t *testing.T, folder, word string, damage float32) {
	t.Helper()
	m, err := model.New(encoder.NewConfig("xlm-roberta", 8, 1, 1, 8, 1, 128), phrasebook.Tokenizer(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Encoder.Parameters() {
		if !strings.HasSuffix(p.Name, "word_embeddings.weight") {
			continue
		}
		for _, id := range m.Tokenizer.Encode(nil, word) {
			if !m.Tokenizer.IsSpecial(id) && damage != 0 {
				p.Data[int(id)*8] = damage
			}
		}
	}
	if err := sinks.WriteModel(folder, m); err != nil {
		t.Fatal(err)
	}
}

// numericsFolder has queries, documents and pairs of which some have the word "river".
func numericsFolder(t *testing.T, damage float32) (folder, file string) {
	folder, file = folderWith(t, "numerics.yaml")
	damagedModel(t, filepath.Join(folder, "model"), "river", damage)
	var texts, pairs strings.Builder
	all := []string{"good morning", "where is the river", "thank you", "the river", "the alarm"}
	for i, text := range all {
		fmt.Fprintf(&texts, "{\"id\": \"%d\", \"text\": %q}\n", i, text)
		fmt.Fprintf(&pairs, "%s\t%s\n", text, all[len(all)-1-i])
	}
	put(t, filepath.Join(folder, "texts.jsonl"), texts.String())
	put(t, filepath.Join(folder, "pairs.tsv"), pairs.String())
	put(t, filepath.Join(folder, "vectors.jsonl"), `{"id": "a", "vector": [1, 0]}
{"id": "zero", "vector": [0, 0]}
{"id": "b", "vector": [0, 1]}
`)
	return folder, file
}

// TestNumerics embeds, searches, ranks again and aligns with a model whose vectors of one word are not finite: the texts that
// have it are in quarantine, all others are as a sound model makes them, and the run goes on with them.
func TestNumerics(t *testing.T) {
	hasty := []string{"pairs:1 not_converged", "pairs:4 not_converged", "pairs:5 not_converged"} // after a single iteration
	soundFolder, soundFile := numericsFolder(t, 0)
	if err := run(t.Context(), t, soundFile, Options{}); err != nil {
		t.Fatal(err)
	}
	if got := quarantined(t, soundFolder); !slices.Equal(got, append(slices.Clone(hasty), "vectors:2 zero_vector")) {
		t.Errorf("of a sound model there are in quarantine %q", got)
	}
	vectors := func(folder string) map[string][]float32 {
		path := filepath.Join(folder, "out/embedded.parquet")
		list := columnOf[*array.FixedSizeList](t, path, schemas.Vector)
		all, d := list.ListValues().(*array.Float32).Float32Values(), 8
		found := map[string][]float32{}
		for i, id := range values(t, path, schemas.ID) {
			found[id] = all[i*d : (i+1)*d]
		}
		return found
	}
	sound := vectors(soundFolder)
	for _, damage := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		folder, file := numericsFolder(t, float32(damage))
		if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
			t.Fatal(err)
		}
		want := []string{"texts:0 not_finite", "texts:0 not_finite", "texts:0 not_finite", "texts:0 not_finite", "pairs:2 not_finite", "pairs:4 not_finite"}
		want = append(append(want, hasty...), "vectors:2 zero_vector")
		if got := quarantined(t, folder); !slices.Equal(got, want) {
			t.Errorf("%v: in quarantine are %q, want %q", damage, got, want)
		}
		found := vectors(folder)
		for id, v := range sound {
			if has := found[id] != nil; has == (id == "1" || id == "3") || has && !slices.Equal(found[id], v) {
				t.Errorf("%v: the vector of %s is %v, of a sound model %v", damage, id, found[id], v)
			}
		}
		if got := slices.Compact(values(t, filepath.Join(folder, "out/again.parquet"), schemas.QueryID)); !slices.Equal(got, []string{"0", "2", "4"}) {
			t.Errorf("%v: ranked again are hits of %q", damage, got)
		}
		if got := slices.Compact(values(t, filepath.Join(folder, "out/hits.parquet"), schemas.QueryID)); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("%v: found are hits of %q", damage, got)
		}
		put(t, file, strings.Replace(read(t, file), "max_bad_rows: 90%", "max_bad_rows: 1", 1))
		if err := run(t.Context(), t, file, Options{}); err == nil || !strings.Contains(err.Error(), "stages.embedded: 2 of 5 rows could not be used, and max_bad_rows allows 1; the first is texts: not_finite: en:1: the model gave a vector with NaN") {
			t.Errorf("%v: beyond the budget: %v", damage, err)
		}
	}
}

// TestReplayOfTables gives replay the quarantine of rows that are in tables: as they are it takes them, and changed it says why not.
func TestReplayOfTables(t *testing.T) {
	for _, make := range []func(*testing.T) (string, string){translateFolder, func(t *testing.T) (string, string) { return numericsFolder(t, float32(math.NaN())) }} {
		folder, file := make(t)
		if err := run(t.Context(), t, file, Options{}); err != nil {
			t.Fatal(err)
		}
		bad := len(quarantined(t, folder))
		quarantine := quarantineIn(t, folder)
		rows, others, err := ExportQuarantine(t.Context(), quarantine, filepath.Join(folder, "list.tsv"))
		if err != nil || rows != 0 || others != bad {
			t.Errorf("exported %d rows and %d others of %d, %v", rows, others, bad, err)
		}
		if done := replay(t, file, quarantine); done != (Mended{Unchanged: bad}) {
			t.Errorf("as they are: %s", done)
		}
		p, err := Load(file, nil, os.LookupEnv)
		if err != nil {
			t.Fatal(err)
		}
		list := filepath.Join(folder, "changed.tsv")
		put(t, list, listHeader+"\nqueries\t5\t-1\tuntranslated\t\tstar\n")
		if _, err := p.Mend(t.Context(), list); err == nil || !strings.Contains(err.Error(), "a row of queries cannot be mended here, since it is no line of a file") {
			t.Errorf("changed: %v", err)
		}
	}
}

// TestQuarantinePage looks for every kind in the table that says what becomes of its bad rows.
func TestQuarantinePage(t *testing.T) {
	page := read(t, "../docs/quarantine.md")
	for _, k := range kinds {
		if !strings.Contains(page, "`"+k.name+"`") {
			t.Errorf("docs/quarantine.md does not say what becomes of the bad rows of %s", k.name)
		}
	}
}
