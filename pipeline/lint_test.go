package pipeline

import (
	"os"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// TestEvaluations finds out what is trained on and what is evaluated.
func TestEvaluations(t *testing.T) {
	_, file := folderWith(t, "evaluations.yaml")
	p, err := Load(file, nil, os.LookupEnv)
	if err == nil {
		err = p.Check(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range p.evaluations() {
		got = append(got, e.String())
	}
	slices.Sort(got)
	want := []string{
		"queries: others.queries; documents: mtop.documents; training text: teaching.queries, teaching.documents",
		"queries: queries.dev; documents: mtop.documents; judgments: mtop.judgments; training text: teaching.queries, teaching.documents, hindi",
		"queries: queries.test; documents: mtop.documents; judgments: mtop.judgments; training text: teaching.queries, teaching.documents, once, hindi, queries.dev",
		"training text: others.queries, mtop.documents",
	}
	if !slices.Equal(got, want) {
		t.Errorf("finds")
		for _, s := range got {
			t.Errorf("%s", s)
		}
	}
	linted, err := p.Lint(t.Context(), Options{Workers: 2, Reporter: &events{}}, LintKeys{Near: 0.8, Window: 2000, Ignore: []string{schemas.DocumentHasQueryID}})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, g := range linted.Groups {
		counts[g.Rule+" "+g.Table] += g.Count
	}
	// The judgments were not split with the queries: those of the dev queries are missing where the others are evaluated. What
	// is trained on twice is looked at once, and what several steps learn from is compared with each evaluation.
	if n := counts["judgment_of_unknown_query mtop.judgments"]; n < 100 || n > 200 || counts["query_near_training queries.test"] == 0 || counts["query_near_training queries.dev"] == 0 || counts["document_has_query_id mtop.documents"] > 0 {
		t.Errorf("finds %v", counts)
	}
}
