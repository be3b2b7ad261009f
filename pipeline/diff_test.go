package pipeline

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
)

const evaluated = `name: evaluated
sources:
  mtop: {kind: mtop, path: "sample:mtop", split: eval, documents: en, queries: [en, sw]}
models:
  start: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8}
stages:
  documents: {kind: embed, from: mtop.documents, model: start}
  queries: {kind: embed, from: mtop.queries, model: start}
  hits: {kind: search, queries: queries, documents: documents, top: 20}
  scores: {kind: evaluate, hits: hits, judgments: mtop.judgments, measures: [nDCG@10, RR@10]}
sinks:
  scores: {kind: parquet, from: scores, path: out/scores.parquet}
`

// meansIn are the means over languages that a file of scores has, by measure.
func meansIn(t *testing.T, file string) map[string]float64 {
	t.Helper()
	rows := readParquet(t, file)
	defer rows.Release()
	sums, languages := map[string]float64{}, map[string]float64{}
	r := array.NewTableReader(rows, 0)
	defer r.Release()
	for r.Next() {
		b := r.RecordBatch()
		text := func(name string, i int) string { return b.Column(b.Schema().FieldIndices(name)[0]).ValueStr(i) }
		for i := range int(b.NumRows()) {
			if text("query_id", i) == array.NullValueStr {
				var value float64
				fmt.Sscan(text("value", i), &value)
				sums[text("measure", i)] += value
				languages[text("measure", i)]++
			}
		}
	}
	for name := range sums {
		sums[name] /= languages[name]
	}
	return sums
}

// TestDiff compares two runs of which the second has another model and fewer hits.
func TestDiff(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pipeline.yaml")
	put(t, file, evaluated)
	scores := filepath.Join(filepath.Dir(file), "out/scores.parquet")
	rerun(t, file)
	before := meansIn(t, scores)
	sets := []string{"models.start.draw=1", "stages.hits.top=10"}
	made := rerun(t, file, sets...)
	after := meansIn(t, scores)
	p := loadSmall(t, file)
	records, err := p.Runs()
	if err != nil || len(records) != 2 {
		t.Fatal(records, err)
	}
	d, err := p.Diff(t.Context(), records[0].ID(), records[1].ID())
	if err != nil {
		t.Fatal(err)
	}
	var steps, remade []string
	for _, s := range d.Steps {
		steps = append(steps, s.Step+": "+strings.Join(s.Changes, "; "))
		if s.Made {
			remade = append(remade, s.Step)
		}
	}
	want := []string{
		"models.start: draw 0 -> 1", "stages.documents: models.start is another",
		"stages.hits: top 20 -> 10; stages.queries is another; stages.documents is another",
		"stages.queries: models.start is another", "stages.scores: stages.hits is another", "sinks.scores: stages.scores is another",
	}
	if !slices.Equal(steps, want) || d.Same != 3 {
		t.Errorf("%d the same and\n%s\nwant 3 and\n%s", d.Same, strings.Join(steps, "\n"), strings.Join(want, "\n"))
	}
	if slices.Sort(remade); !slices.Equal(remade, made) {
		t.Errorf("made again %v, want %v", remade, made)
	}
	if len(d.Scores) != 2 || len(before) != 2 {
		t.Fatalf("scores %v of %v", d.Scores, before)
	}
	for _, s := range d.Scores {
		if math.Abs(*s.From-before[s.Measure]) > 1e-12 || math.Abs(*s.To-after[s.Measure]) > 1e-12 || s.Step != "stages.scores" {
			t.Errorf("%s: %v -> %v, want %v -> %v", s.Measure, *s.From, *s.To, before[s.Measure], after[s.Measure])
		}
	}
	if before["nDCG@10"] == after["nDCG@10"] {
		t.Error("both runs have the same score, which proves nothing")
	}
	for _, c := range []struct{ from, to, want string }{
		{"2", "2", "the IDs of several runs begin with"},
		{"1999", "2", "no run that is remembered has an ID"},
	} {
		if _, err := p.Diff(t.Context(), c.from, c.to); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: %v", c.from, c.to, err)
		}
	}
}

// TestDiffLanguages drops a language and nothing else: the means over those that stay are what they were. Two runs with no language in
// common have none.
func TestDiffLanguages(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pipeline.yaml")
	put(t, file, strings.Replace(evaluated, "[en, sw]", "[en, sw, hi]", 1))
	scores := filepath.Join(filepath.Dir(file), "out/scores.parquet")
	rerun(t, file)
	all := meansIn(t, scores)
	rerun(t, file, "sources.mtop.queries=[en, sw]")
	want := meansIn(t, scores)
	rerun(t, file, "sources.mtop.queries=[hi]")
	if all["nDCG@10"] == want["nDCG@10"] {
		t.Fatal("the mean is the same without Hindi, which proves nothing")
	}
	p := loadSmall(t, file)
	records, err := p.Runs()
	if err != nil || len(records) != 3 {
		t.Fatal(records, err)
	}
	slices.SortFunc(records, func(a, b *Record) int { return strings.Compare(a.ID(), b.ID()) })
	diff := func(from, to int) (*RunDiff, string) {
		d, err := p.Diff(t.Context(), records[from].ID(), records[to].ID())
		if err != nil || len(d.Scores) != 2 {
			t.Fatal(d, err)
		}
		var text strings.Builder
		if err := d.Write(&text); err != nil {
			t.Fatal(err)
		}
		return d, text.String()
	}
	d, text := diff(0, 1)
	for _, s := range d.Scores {
		if math.Abs(*s.From-want[s.Measure]) > 1e-12 || *s.To != *s.From {
			t.Errorf("%s: %v -> %v, want %v twice", s.Measure, *s.From, *s.To, want[s.Measure])
		}
	}
	if want := "+0.00  nDCG@10 of stages.scores, without hi (before only)\n"; !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
	d, text = diff(1, 2)
	for _, s := range d.Scores {
		if s.From != nil || s.To != nil {
			t.Errorf("%s has a mean over no language: %v -> %v", s.Measure, s.From, s.To)
		}
	}
	if want := "nDCG@10 of stages.scores, without en sw (before only), without hi (after only)\n"; !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
}

// TestDiffInputs gives a sink more to read: what it reads now is what it was, and so are what it read before and the steps.
func TestDiffInputs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pipeline.yaml")
	report := "  report: {kind: report, from: scores, hits: hits, %spath: out/report}\n"
	before := evaluated + fmt.Sprintf(report, "")
	after := evaluated + fmt.Sprintf(report, "queries: mtop.queries, documents: mtop.documents, judgments: mtop.judgments, ")
	for i, c := range []struct{ text, want string }{
		{before, ""},
		{after, "also reads sources.mtop.queries, sources.mtop.documents, sources.mtop.judgments now"},
		{before, "inputs that are gone: queries, documents, judgments"},
		{strings.ReplaceAll(after, "top: 20", "top: 10"), "stages.scores is another; stages.hits is another; " +
			"also reads sources.mtop.queries, sources.mtop.documents, sources.mtop.judgments now"},
	} {
		put(t, file, c.text)
		if i > 0 {
			plan, err := loadSmall(t, file).Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var why strings.Builder
			if err := plan.Why(&why, "sinks.report"); err != nil || !strings.HasPrefix(why.String(), "sinks.report: will run, "+c.want+"\n") {
				t.Errorf("%v, %s\nwant %s", err, why.String(), c.want)
			}
		}
		rerun(t, file)
	}
	p := loadSmall(t, file)
	records, err := p.Runs()
	if err != nil || len(records) != 4 {
		t.Fatal(records, err)
	}
	slices.SortFunc(records, func(a, b *Record) int { return strings.Compare(a.ID(), b.ID()) })
	d, err := p.Diff(t.Context(), records[0].ID(), records[1].ID())
	if want := "also reads sources.mtop.queries, sources.mtop.documents, sources.mtop.judgments now"; err != nil || len(d.Steps) != 1 ||
		d.Steps[0].Step != "sinks.report" || !slices.Equal(d.Steps[0].Changes, []string{want}) {
		t.Errorf("%+v, %v", d, err)
	}
}
