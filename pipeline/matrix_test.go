package pipeline

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// load reads a pipeline that is given as text.
func load(t *testing.T, text string) *Pipeline {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pipeline.yaml")
	put(t, file, text)
	p, err := Load(file, nil, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	matrixSources = `
sources:
  mtop: {kind: mtop, path: "sample:mtop", split: eval, documents: en, queries: [en, sw]}
models:
  base: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8, seed: "${matrix.seed}"}
`
	matrixStages = `
stages:
  adapted: {kind: train, model: base, queries: mtop.queries, documents: mtop.documents, judgments: mtop.judgments, epochs: 0.1}
  documents: {kind: embed, from: mtop.documents, model: base, prefix: "${matrix.prefix}"}
  queries: {kind: embed, from: mtop.queries, model: "${matrix.model.name}", prefix: "${matrix.prefix}"}
  shared: {kind: embed, from: mtop.documents, model: fixed}
  hits: {kind: search, queries: queries, documents: documents}
  scores: {kind: evaluate, hits: hits, judgments: mtop.judgments}
`
)

// TestVariants compares the steps that a matrix makes with those that a person would write.
func TestVariants(t *testing.T) {
	p := load(t, `
matrix:
  model: {plain: {name: base}, trained: {name: adapted}}
  prefix: {none: "", query: "query: "}
  seed: [1, 2]
  exclude: [{model: trained, prefix: none}, {seed: 2, prefix: none}]
`+strings.Replace(matrixSources, "models:\n", "models:\n  fixed: {kind: random, tokenizer: \"sample:tokenizer.json\", hidden: 8, layers: 1, heads: 1, ffn: 8}\n", 1)+matrixStages+`
sinks:
  report: {kind: report, from: scores, path: out/report}
  shared: {kind: parquet, from: shared, path: out/shared.parquet}
  each: {kind: parquet, from: documents, path: "out/${matrix.prefix}.parquet"}
  best: {kind: model, from: "adapted[2]", path: out/best}
`)
	var names []string
	for _, s := range p.Steps {
		name := s.Where()
		for _, e := range s.edges {
			name += " " + e.ref
		}
		names = append(names, name)
	}
	slices.Sort(names)
	want := strings.Split(`models.base[1]
models.base[2]
models.fixed
sinks.best adapted[2]
sinks.each[none] documents[none,1]
sinks.each[query] documents[query,1] documents[query,2]
sinks.report scores[plain,none,1] scores[plain,query,1] scores[plain,query,2] scores[trained,query,1] scores[trained,query,2]
sinks.shared shared
sources.mtop
stages.adapted[1] base[1] mtop.queries mtop.documents mtop.judgments
stages.adapted[2] base[2] mtop.queries mtop.documents mtop.judgments
stages.documents[none,1] mtop.documents base[1]
stages.documents[query,1] mtop.documents base[1]
stages.documents[query,2] mtop.documents base[2]
stages.hits[plain,none,1] queries[plain,none,1] documents[none,1]
stages.hits[plain,query,1] queries[plain,query,1] documents[query,1]
stages.hits[plain,query,2] queries[plain,query,2] documents[query,2]
stages.hits[trained,query,1] queries[trained,query,1] documents[query,1]
stages.hits[trained,query,2] queries[trained,query,2] documents[query,2]
stages.queries[plain,none,1] mtop.queries base[1]
stages.queries[plain,query,1] mtop.queries base[1]
stages.queries[plain,query,2] mtop.queries base[2]
stages.queries[trained,query,1] mtop.queries adapted[1]
stages.queries[trained,query,2] mtop.queries adapted[2]
stages.scores[plain,none,1] hits[plain,none,1] mtop.judgments
stages.scores[plain,query,1] hits[plain,query,1] mtop.judgments
stages.scores[plain,query,2] hits[plain,query,2] mtop.judgments
stages.scores[trained,query,1] hits[trained,query,1] mtop.judgments
stages.scores[trained,query,2] hits[trained,query,2] mtop.judgments
stages.shared mtop.documents fixed`, "\n")
	if !slices.Equal(names, want) {
		t.Errorf("the steps are\n%s\nwant\n%s", strings.Join(names, "\n"), strings.Join(want, "\n"))
	}
}
