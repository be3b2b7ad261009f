package stages

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/measure"
	"github.com/ferry-clir/ferry/schemas"
)

// Compare sets variants beside a baseline: for each language, for the mean over languages and for the low-resource gap, the value, the
// gain over the baseline, intervals, and paired tests. Scores of one variant that differ in training_seed are averaged query by query first.
// Intervals are 95 % bootstrap percentiles that draw query ids, each in all languages, variants and seeds at once. A family of tests,
// for Holm's correction, is all those of one measure and scoring: of each variant with each baseline in each language, in the mean,
// and in the mean of the low-resource languages.
type Compare struct {
	// From names tables of scores, of which at least one has the baseline.
	From []schemas.TableRef `yaml:"from" ferry:"required"`
	// Baseline names the variant that all others are compared with, or several such. Without, there are values and intervals alone.
	Baseline []string `yaml:"baseline"`
	// LowResource lists the languages that count as low-resource ones, such as [hi, th].
	LowResource []string `yaml:"low_resource"`
	// SourceLanguage is the language that has training data: where its gain is surely below zero, the variant has forgotten it.
	SourceLanguage string `yaml:"source_language"`
	// Samples is the number of bootstrap samples behind an interval and, where that is more than 40 for each test of the family, of
	// permutations behind a p value.
	Samples int `yaml:"samples"`
}

// NewCompare returns a Compare with its defaults.
func NewCompare() *Compare { return &Compare{SourceLanguage: "en", Samples: 10000} }

// Validate checks the keys.
func (c *Compare) Validate() []schemas.Mistake {
	var found []schemas.Mistake
	if c.Samples < 1 {
		found = append(found, schemas.Mistake{Key: "samples", Problem: fmt.Sprintf("should be at least 1, is %d", c.Samples)})
	}
	for _, list := range []struct {
		key   string
		names []string
	}{{"baseline", c.Baseline}, {"low_resource", c.LowResource}} {
		for i, name := range list.names {
			if slices.Contains(list.names[:i], name) {
				found = append(found, schemas.Mistake{Key: list.key, Problem: fmt.Sprintf("names %q twice", name)})
			}
		}
	}
	return found
}

// Misses tells of a baseline that is none of the variants that will be compared.
func (c *Compare) Misses(variants []string) []schemas.Mistake {
	for _, name := range c.Baseline {
		if !slices.Contains(variants, name) {
			return []schemas.Mistake{{Key: "baseline", Problem: noVariant(name, variants)}}
		}
	}
	return nil
}

func noVariant(name string, variants []string) string {
	return fmt.Sprintf("there is no variant %q; there are %s", name, listed(variants))
}

// Collects says that a comparison in a matrix takes all variants of what it reads.
func (c *Compare) Collects() {}

// Outputs is a table of comparisons.
func (c *Compare) Outputs(in Types) (Outputs, []schemas.Mistake) {
	var found []schemas.Mistake
	for _, t := range in.Tables["from"] {
		found = append(found, lacks("from", t.Schema, "scores", schemas.Variant, schemas.TrainingSeed, schemas.Scoring, schemas.Measure)...)
	}
	return Outputs{Tables: []schemas.TableType{{Name: "comparisons", Schema: schemas.Comparisons()}}}, found
}

// Run compares. Every query's value is held in memory, and for each bootstrap sample the means by variant and language.
func (c *Compare) Run(ctx context.Context, job Job) (*model.Model, error) {
	boards, err := readBoards(ctx, job.Tables["from"])
	if err != nil {
		return nil, err
	}
	out := job.Outputs["comparisons"]
	b := array.NewRecordBuilder(out.Allocator, schemas.Comparisons())
	defer b.Release()
	for i, board := range boards {
		if err := board.check(c.Baseline, c.LowResource); err != nil {
			return nil, fmt.Errorf("comparing %s: %w", board, err)
		}
		for _, row := range c.compare(board, job.Seed, job.Workers) {
			row.append(b)
		}
		job.Progress(int64(i+1), int64(len(boards)), "measures")
	}
	return nil, emitBuilt(out, b)
}

// compare makes the rows of a board: for each baseline, of each variant, itself included.
func (c *Compare) compare(b *board, seed uint64, workers int) []*comparison {
	panel, scopes := b.panel(), b.scopes(c.LowResource)
	draws := panel.Bootstrap(c.Samples, seed, workers)
	baselines := c.Baseline
	if len(baselines) == 0 {
		baselines = []string{""}
	}
	var rows []*comparison
	for _, baseline := range baselines {
		base := b.variant(baseline)
		for v, variant := range b.variants {
			for _, s := range scopes {
				row := &comparison{variant: variant.name, baseline: baseline, scoring: b.scoring, measure: b.measure, scope: s,
					seeds: len(variant.seeds), queries: panel.Queries(s.weights), value: panel.Value(v, s.weights), spread: variant.spread(b.languages, s.weights)}
				row.low, row.high = draws.Interval(v, s.weights)
				if base >= 0 && v != base {
					gain := row.value - panel.Value(base, s.weights)
					low, high := draws.GainInterval(v, base, s.weights)
					row.gain, row.gainLow, row.gainHigh = &gain, &low, &high
					row.size(panel.Differences(v, base, s.weights))
					if s.language == c.SourceLanguage {
						forgotten := high < 0
						row.forgotten = &forgotten
					}
				}
				rows = append(rows, row)
			}
		}
	}
	c.test(rows, b, panel, seed)
	return rows
}

// test fills in the p values of the rows that are tested: those of languages, of the mean over all, and of the low-resource mean.
func (c *Compare) test(rows []*comparison, b *board, panel *measure.Panel, seed uint64) {
	var family []*comparison
	for _, row := range rows {
		if row.gain != nil && (row.scope.language != "" || row.scope.group == schemas.GroupAll || row.scope.group == schemas.GroupLowResource) {
			family = append(family, row)
		}
	}
	permutation, tTest := make([]float64, len(family)), make([]float64, len(family))
	samples := measure.Permutations(c.Samples, len(family))
	for i, row := range family {
		differences := panel.Differences(b.variant(row.variant), b.variant(row.baseline), row.scope.weights)
		permutation[i], tTest[i] = measure.PermutationTest(differences, samples, seed), measure.TTest(differences)
	}
	permutationHolm, tTestHolm := measure.Holm(permutation), measure.Holm(tTest)
	for i, row := range family {
		row.permutation, row.permutationHolm, row.tTest, row.tTestHolm = &permutation[i], &permutationHolm[i], &tTest[i], &tTestHolm[i]
		row.family = len(family)
	}
}

// listed is a list in words, for messages.
func listed(names []string) string {
	quoted := make([]string, len(names)) // names of variants have commas of their own
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	return strings.Join(quoted, ", ")
}
