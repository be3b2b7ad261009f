package pipeline

import (
	"math"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/pipeline/host"
)

const costly = `
matrix:
  prefix: {none: "", query: "query: ", same: "query: "}
sources:
  mtop: {kind: mtop, path: "sample:mtop", split: eval, documents: en, queries: [en, sw]}
models:
  base: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 32, layers: 1, heads: 1, ffn: 32}
stages:
  documents: {kind: embed, from: mtop.documents, model: base}
  queries: {kind: embed, from: mtop.queries, model: base, prefix: "${matrix.prefix}"}
  hits: {kind: search, queries: queries, documents: documents, top: 10}
  scores: {kind: evaluate, hits: hits, judgments: mtop.judgments}
sinks:
  report: {kind: report, from: scores, path: out/report}
`

// TestCosts runs three cells of which two come to the same queries: those are embedded and searched once, and shared. What the
// evaluations own and what they share adds up to the total.
func TestCosts(t *testing.T) {
	p := load(t, costly)
	var o order
	if err := p.Run(t.Context(), Options{Workers: 2, Reporter: &o}); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, told := range o.told {
		count[bracketed.ReplaceAllString(told, "")]++
	}
	for told, want := range map[string]int{"stages.documents ends": 1, "stages.queries ends": 2, "stages.hits ends": 2, "stages.scores ends": 3} {
		if count[told] != want {
			t.Errorf("%q comes %d times, want %d", told, count[told], want)
		}
	}
	c, err := p.Costs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]int{}
	total := 0.0
	for _, s := range c.Shared {
		by[s.Step] = s.By
		total += s.CPU
	}
	if by["stages.documents"] != 3 || by["stages.queries[query]"] != 2 || by["stages.hits[query]"] != 2 || by["stages.queries[none]"] != 0 {
		t.Errorf("shared are %v", c.Shared)
	}
	if len(c.Scored) != 3 || c.Scored[1].Means["nDCG@10"] != c.Scored[2].Means["nDCG@10"] || c.Scored[0].Means["nDCG@10"] == 0 {
		t.Errorf("scored are %v", c.Scored)
	}
	for _, s := range c.Scored {
		total += s.Own
	}
	if math.Abs(total-c.Total) > 1e-9 {
		t.Errorf("the parts add up to %v, the total is %v", total, c.Total)
	}
	if host.CPU() > 0 && (c.Total <= 0 || c.Total > host.CPU()) {
		t.Errorf("the total is %v, and the process took %v", c.Total, host.CPU())
	}
}

// TestCostsAlone writes the costs of an evaluation that shares nothing: there is no table of shared steps.
func TestCostsAlone(t *testing.T) {
	var out strings.Builder
	if err := (&Costs{Scored: []Scored{{Step: "stages.scores", Own: 1}}, Total: 1}).Write(&out); err != nil || strings.Contains(out.String(), "shared step") {
		t.Errorf("%v:\n%s", err, out.String())
	}
}
