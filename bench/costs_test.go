package bench

import (
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// costed is what costs are taken from: public text through most stages, and a part of it through a real encoder and a search.
const costed = `
sources:
  all: {kind: jsonl, table: documents, path: all.jsonl, language: en}
  few: {kind: jsonl, table: documents, path: few.jsonl, language: en}
  asked: {kind: jsonl, table: queries, path: asked.jsonl, language: en}
models:
  e5: {kind: pretrained, path: "${FERRY_MODELS}/multilingual-e5-small"}
stages:
  cleaned: {kind: clean, from: all}
  once: {kind: deduplicate, from: cleaned}
  near: {kind: deduplicate, from: cleaned, near: 0.8}
  shuffled: {kind: shuffle, from: once}
  chunked: {kind: chunk, from: shuffled}
  tokens: {kind: tokenize, from: chunked.passages, model: e5}
  vectors: {kind: embed, from: few, model: e5, output: both}
  questions: {kind: embed, from: asked, model: e5, output: both}
  dense: {kind: search, queries: questions, documents: vectors}
  maxsim: {kind: search, queries: questions.token_vectors, documents: vectors.token_vectors}
sinks:
  text: {kind: parquet, from: once, path: out/text.parquet}
  near: {kind: parquet, from: near, path: out/near.parquet}
  tokens: {kind: parquet, from: tokens, path: out/tokens.parquet}
  vectors: {kind: parquet, from: vectors, path: out/vectors.parquet}
  dense: {kind: parquet, from: dense, path: out/dense.parquet}
  maxsim: {kind: parquet, from: maxsim, path: out/maxsim.parquet}
`

// costs are what steps take a million passages: of public text, and with a real encoder.
func costs(t *testing.T) []line {
	t.Helper()
	lines, err := ntrex()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(os.Getenv("FERRY_MODELS"), openModel)); err != nil {
		return []line{{Bench: "scale-cost", Skipped: err.Error()}}
	}
	s := newScaling(t, costed, map[string]iter.Seq[string]{
		"all.jsonl": slices.Values(lines), "few.jsonl": slices.Values(lines[:2000]), "asked.jsonl": slices.Values(lines[:1000])})
	_, steps := s.run(t, "run", "--workers", "1")
	var costs []line
	for _, name := range []string{"sources.all.documents", "stages.cleaned", "stages.once", "stages.near", "stages.shuffled", "stages.chunked", "stages.tokens",
		"stages.vectors", "stages.dense", "stages.maxsim", "sinks.text", "sinks.vectors"} {
		step := steps[slices.IndexFunc(steps, func(s costedStep) bool { return s.Step == name })]
		costs = append(costs, line{Bench: "scale-cost", Variant: step.Kind + " (" + name + ")", Threads: 1, Value: number(step.CPU / step.passages() * 1e6), Unit: "CPU s/million"})
	}
	return costs
}

// A costedStep is what the manifest says of a step.
type costedStep struct {
	Step, Kind string
	CPU        float64 `json:"cpu_seconds"`
	In, Out    map[string]float64
}

// passages is how many of the collection the step has dealt with.
func (s costedStep) passages() (n float64) {
	rows := s.In
	if len(rows) == 0 {
		rows = s.Out
	}
	for name, count := range rows {
		if !strings.HasPrefix(name, "questions") {
			n += count
		}
	}
	return n
}
