package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/stages"
)

// TestMain has all tests of this package make parts of tables of a few hundred rows.
func TestMain(m *testing.M) {
	worthAPart = func(p *stages.Parts, of *table) int64 {
		if rows := p.Rows(of.schema); rows == math.MaxInt64 {
			return rows
		}
		return 300
	}
	os.Exit(m.Run())
}

// divisible is a pipeline of searches in 2,000 documents whose vectors are few, so that scores are equal in all parts, and of 2,000 texts
// that come again all over. One query is zero.
func divisible(t *testing.T) (folder, file string) {
	folder, file = folderWith(t, "parts.yaml")
	r := rand.New(rand.NewPCG(3, 4))
	vector := func() (v [4]int) {
		for v == [4]int{} {
			for i := range v {
				v[i] = r.IntN(5) - 2
			}
		}
		return v
	}
	write := func(name string, rows int, row func(i int) map[string]any) {
		var text strings.Builder
		lines := json.NewEncoder(&text)
		for i := range rows {
			one := row(i)
			one["language"], one["id"] = []string{"en", "sw", "th"}[r.IntN(3)], fmt.Sprint(i)
			if err := lines.Encode(one); err != nil {
				t.Fatal(err)
			}
		}
		put(t, filepath.Join(folder, name+".jsonl"), text.String())
	}
	dense := func(int) map[string]any { return map[string]any{"vector": vector()} }
	late := func(int) map[string]any {
		vectors := make([][4]int, 1+r.IntN(3))
		for i := range vectors {
			vectors[i] = vector()
		}
		return map[string]any{"vectors": vectors, "ids": make([]int, len(vectors))}
	}
	excluding := func(row func(int) map[string]any) func(int) map[string]any {
		return func(i int) map[string]any {
			one := row(i)
			one["exclude"] = []string{fmt.Sprint(r.IntN(2000)), fmt.Sprint(r.IntN(2000))}
			return one
		}
	}
	write("documents", 2000, dense)
	write("passages", 2000, func(i int) map[string]any {
		return map[string]any{"vector": vector(), "document_id": fmt.Sprint(r.IntN(300))}
	})
	write("late_documents", 2000, late)
	write("late_queries", 40, excluding(late))
	write("queries", 40, excluding(func(i int) map[string]any {
		if i == 17 {
			return map[string]any{"vector": [4]int{}}
		}
		return map[string]any{"vector": vector()}
	}))
	again := func() string { // one of few sentences, or nearly
		words := rand.New(rand.NewPCG(5, r.Uint64N(150)))
		var sentence strings.Builder
		for range 9 {
			fmt.Fprintf(&sentence, "word%d ", words.IntN(1000))
		}
		if r.IntN(3) == 0 {
			fmt.Fprint(&sentence, r.IntN(10))
		}
		return sentence.String()
	}
	write("texts", 2000, func(int) map[string]any {
		return map[string]any{"title": fmt.Sprint("title ", r.IntN(2)), "text": again()}
	})
	var grades, pairs strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&grades, `{"query_id": "q%d", "document_id": "%d", "grade": %d, "document_language": "en"}`+"\n", i/20, r.IntN(2000), 1+r.IntN(3))
		fmt.Fprintf(&pairs, "p%d\t%s\t%s\n", i, again(), strings.Repeat("neno ", 5))
	}
	put(t, filepath.Join(folder, "grades.jsonl"), grades.String())
	put(t, filepath.Join(folder, "pairs.tsv"), pairs.String())
	return folder, file
}

// cutSteps are those that are made in parts.
var cutSteps = []string{"stages.dense", "stages.few", "stages.hubs", "stages.joined", "stages.means", "stages.late", "stages.late_hubs", "stages.compressed",
	"stages.all", "stages.once", "stages.last", "stages.sides"}

// TestParts makes all in one piece; in parts by three processes, an engine, and tasks that are done twice: all that is there in the end is
// the same, and nothing of the parts is left.
func TestParts(t *testing.T) {
	alone, file := divisible(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	if bad := quarantined(t, alone); len(bad) == 0 {
		t.Error("the query without a direction is not in quarantine")
	}
	for _, step := range []string{"stages.once", "stages.last", "stages.sides"} {
		counted := manifestCounts(t, filepath.Join(alone, "out/parts.manifest.json"))[step]
		if counted.Dropped["duplicate"] < 40 || counted.Dropped["near_duplicate"] < 100 || counted.Out["kept"] < 100 {
			t.Errorf("%s: %+v", step, counted)
		}
	}
	t.Run("shares", func(t *testing.T) {
		folder, file := divisible(t)
		if err := errors.Join(runShares(t, file, 3)...); err != nil {
			t.Fatal(err)
		}
		compare(t, outputs(t, folder), outputs(t, alone))
		compare(t, cacheSums(t, folder), cacheSums(t, alone))
		if got, want := stepCounts(t, folder), stepCounts(t, alone); got != want {
			t.Errorf("the manifest counts\n%s\nwant\n%s", got, want)
		}
		if got, want := quarantined(t, folder), quarantined(t, alone); !slices.Equal(got, want) {
			t.Errorf("quarantine is %q, want %q", got, want)
		}
	})
	t.Run("engine", func(t *testing.T) {
		folder, file := divisible(t)
		var w workshop
		if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: &w}); err != nil {
			t.Fatal(err)
		}
		sameAsAlone(t, folder, alone)
		done := w.outcomes()
		for _, step := range cutSteps {
			if done[step+" "+taskDone] < 4 {
				t.Errorf("%s was not made in parts: %v", step, done)
			}
		}
		if done["stages.own_means "+taskDone] != 1 {
			t.Errorf("what needs the mean of all documents first is one task: %v", done)
		}
	})
	t.Run("tasks", func(t *testing.T) {
		folder, file := divisible(t)
		tasks := executeAll(t, file)
		for _, step := range cutSteps {
			if tasks[step] < 3 {
				t.Errorf("%s was not made in parts: %v", step, tasks)
			}
		}
		if err := run(t.Context(), t, file, Options{}); err != nil {
			t.Fatal(err)
		}
		compare(t, outputs(t, folder), outputs(t, alone))
		compare(t, cacheSums(t, folder), cacheSums(t, alone))
	})
}

// TestPartsGoOn loses the engine when some parts are made: the next run, with or without it or by several processes, makes the others only.
func TestPartsGoOn(t *testing.T) {
	alone, file := divisible(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	const shares = "shares"
	for _, c := range []struct{ kind, again string }{
		{"search", somewhere}, {"search", LocalEngine}, {"deduplicate", LocalEngine}, {"deduplicate", shares},
	} {
		folder, file := divisible(t)
		lost := &workshop{before: func(TaskLine) error {
			if notes, err := filepath.Glob(filepath.Join(folder, ".ferry/cache", c.kind+"-*/task-*.json")); err != nil || len(notes) < 3 {
				return err
			}
			return errors.New("the lights went out")
		}}
		err := run(t.Context(), t, file, Options{Engine: somewhere, engine: lost})
		if err == nil || !strings.Contains(err.Error(), "the lights went out; what is finished is kept") {
			t.Errorf("the run ends with %v", err)
		}
		made, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/*/part-*.arrow"))
		if err != nil || len(made) < 3 {
			t.Fatalf("%v, %v", made, err)
		}
		before := changedAt(t, made)
		kept := &events{progress: func(string) {
			for i, file := range made { // they go when they are merged
				if info, err := os.Stat(file); err == nil && !info.ModTime().Equal(before[i]) {
					t.Errorf("%s was made again", file)
				}
			}
		}}
		if c.again == shares {
			err = errors.Join(runShares(t, file, 3)...)
			compare(t, outputs(t, folder), outputs(t, alone))
			compare(t, cacheSums(t, folder), cacheSums(t, alone))
		} else {
			err = run(t.Context(), t, file, Options{Engine: c.again, engine: &workshop{}, Reporter: kept})
			sameAsAlone(t, folder, alone)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestPartsOfUtterances does so with the utterances of MTOP, by three processes.
func TestPartsOfUtterances(t *testing.T) {
	data := os.Getenv("FERRY_DATA")
	if data == "" {
		data = "../../shared/data"
	}
	mtop, err := filepath.Abs(filepath.Join(data, "mtop"))
	if err == nil {
		_, err = os.Stat(mtop)
	}
	if err != nil {
		t.Skipf("FERRY_DATA names no folder with MTOP: %v", err)
	}
	make := func() (folder, file string) {
		folder = t.TempDir()
		file = filepath.Join(folder, "pipeline.yaml")
		put(t, file, fmt.Sprintf(`
sources:
  mtop: {kind: mtop, path: %q, split: eval, documents: [en, de], queries: hi}
models:
  base: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8}
stages:
  queries: {kind: embed, from: mtop.queries, model: base, output: both}
  documents: {kind: embed, from: mtop.documents, model: base, output: both, store: float16}
  dense: {kind: search, queries: queries.vectors, documents: documents.vectors, top: 20, csls: 10}
  late: {kind: search, queries: queries.token_vectors, documents: documents.token_vectors, top: 20, document_languages: [de]}
  scores: {kind: evaluate, hits: dense, judgments: mtop.judgments, measures: [nDCG@10, RR@10]}
sinks:
  dense: {kind: parquet, from: dense, path: out/dense.parquet}
  late: {kind: parquet, from: late, path: out/late.parquet}
  scores: {kind: parquet, from: scores, path: out/scores.parquet}
`, mtop))
		return folder, file
	}
	alone, file := make()
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	folder, file := make()
	if err := errors.Join(runShares(t, file, 3)...); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, folder), outputs(t, alone))
	compare(t, cacheSums(t, folder), cacheSums(t, alone))
}
