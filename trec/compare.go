package trec

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/model/measure"
)

// CompareOptions say how run files are compared.
type CompareOptions struct {
	Measures   []measure.Measure // the first is that by which queries moved
	Level      int32             // smallest grade that is relevant
	SkipAbsent bool              // compare the queries alone that all runs have hits for
	Top        int               // queries to show of those that a run improved most, and of those that it worsened most
	Queries    string            // file of their texts, an id, a tab and a text a line; empty for none
	Documents  string            // the same of documents
	Seed       uint64
	Workers    int
}

// Compared are run files beside the first of them.
type Compared struct {
	Comparisons []Comparison // by measure, then run
	Moved       []MovedQuery // by run: those improved most, then those worsened most
	Warnings    []string
}

// A Comparison is a row of the table. The first run's own rows are against nothing.
type Comparison struct {
	Measure string  `json:"measure"`
	Run     string  `json:"run"`
	Queries int     `json:"queries"`
	Value   float64 `json:"value"`
	Low     float64 `json:"low"` // ends of the 95 % bootstrap interval
	High    float64 `json:"high"`
	*Against
}

// Against is a run's difference to the first one, and the tests of it. The correction is over all tests of the table.
type Against struct {
	Gain             float64  `json:"gain"`
	GainLow          float64  `json:"gain_low"`
	GainHigh         float64  `json:"gain_high"`
	PPermutation     float64  `json:"p_permutation"`
	PPermutationHolm float64  `json:"p_permutation_holm"`
	PTTest           float64  `json:"p_t_test"`
	PTTestHolm       float64  `json:"p_t_test_holm"`
	Effect           *float64 `json:"effect"` // null where all differences are the same
	Wins             int      `json:"wins"`
	Ties             int      `json:"ties"`
	Losses           int      `json:"losses"`
}

// compareSamples is the number of bootstrap samples, and the least one of permutations.
const compareSamples = 10000

// A comparedRun is a run while it is compared.
type comparedRun struct {
	name   string
	path   string
	values map[string]measure.Values // by query
	places map[string]*places        // by query
}

// Compare compares runs with the first of them by judgments, all in trec_eval's format.
func Compare(ctx context.Context, paths []string, judgments string, o CompareOptions) (*Compared, error) {
	o.Level = max(1, o.Level)
	runs, err := namedRuns(paths)
	if err != nil {
		return nil, err
	}
	judged, err := readJudged(ctx, judgments, o.Workers)
	if err != nil {
		return nil, err
	}
	c := &Compared{}
	for _, r := range runs {
		if err := r.read(ctx, judged, o, c); err != nil {
			return nil, err
		}
	}
	queries, err := sharedQueries(runs, len(judged), o.SkipAbsent, c)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		c.warnOfTies(r, queries, o)
	}
	for i, m := range o.Measures {
		c.compare(m.String(), i, runs, queries, o)
	}
	c.correct()
	for _, r := range runs[1:] {
		c.move(r, runs[0], queries, judged, o)
	}
	return c, c.addTexts(ctx, o)
}

// namedRuns names the runs after their files, or by their paths where two files have the same name.
func namedRuns(paths []string) (runs []*comparedRun, err error) {
	short := map[string]bool{}
	for i, path := range paths {
		for _, other := range paths[:i] {
			a, errA := os.Stat(path)
			b, errB := os.Stat(other)
			if errA == nil && errB == nil && os.SameFile(a, b) {
				return nil, fmt.Errorf("%s and %s are the same file", other, path)
			}
		}
		short[filepath.Base(path)] = true
		runs = append(runs, &comparedRun{name: path, path: path, values: map[string]measure.Values{}, places: map[string]*places{}})
	}
	if len(short) == len(paths) {
		for _, r := range runs {
			r.name = filepath.Base(r.path)
		}
	}
	return runs, nil
}

// read evaluates the run, and notes where the relevant documents stand.
func (r *comparedRun) read(ctx context.Context, judged map[string]map[string]int32, o CompareOptions, c *Compared) error {
	options := EvaluateOptions{Measures: o.Measures, Level: o.Level, SkipAbsent: o.SkipAbsent, Ties: true, Workers: o.Workers}
	e, err := evaluate(ctx, r.path, judged, options, func(query string, hits []measure.Hit) {
		r.places[query] = placesOf(hits, judged[query], o.Level, topOf(o.Measures[0]))
	})
	if err != nil {
		return err
	}
	for _, q := range e.Queries {
		r.values[q.Query] = q
	}
	c.Warnings = append(c.Warnings, e.Warnings...)
	return nil
}

// sharedQueries lists, sorted, the queries that count in all runs. It is an error if there is none that two of them found
// anything for.
func sharedQueries(runs []*comparedRun, judged int, skipAbsent bool, c *Compared) (queries []string, err error) {
	base, found := runs[0], 0
	for query := range base.values {
		everywhere := true
		for _, r := range runs[1:] {
			_, there := r.values[query]
			everywhere = everywhere && there
		}
		if everywhere {
			queries = append(queries, query)
			if base.places[query].hits > 0 && slices.ContainsFunc(runs[1:], func(r *comparedRun) bool { return r.places[query].hits > 0 }) {
				found++
			}
		}
	}
	if found == 0 {
		return nil, errors.New("the runs have no judged query in common: they are of other queries, or name them otherwise")
	}
	if skipAbsent && len(queries) < judged {
		c.Warnings = append(c.Warnings, fmt.Sprintf("%d of the %d queries that are judged are compared: those that all runs have hits for", len(queries), judged))
	}
	slices.Sort(queries)
	return queries, nil
}

// warnOfTies warns of the measures of a run that another order of documents with equal scores would change.
func (c *Compared) warnOfTies(r *comparedRun, queries []string, o CompareOptions) {
	var moved []string
	for i, m := range o.Measures {
		mean := func(of func(q measure.Values) []float64) float64 {
			values := make([]float64, len(queries))
			for k, query := range queries {
				values[k] = of(r.values[query])[i]
			}
			return measure.Mean(values)
		}
		s := measure.Summary{
			Mean:    mean(func(q measure.Values) []float64 { return q.Values }),
			TieLow:  mean(func(q measure.Values) []float64 { return q.TieLow }),
			TieHigh: mean(func(q measure.Values) []float64 { return q.TieHigh }),
		}
		if s.Unsettled() {
			moved = append(moved, fmt.Sprintf("%s, %.4f, is from %.4f to %.4f", m, s.Mean, s.TieLow, s.TieHigh))
		}
	}
	if len(moved) > 0 {
		c.Warnings = append(c.Warnings, fmt.Sprintf("in other orders of documents to which %s gives equal scores %s", r.path, strings.Join(moved, "; ")))
	}
}

// compare adds the rows of measure i, without corrections.
func (c *Compared) compare(name string, i int, runs []*comparedRun, queries []string, o CompareOptions) {
	panel := measure.NewPanel(len(runs), 1)
	values := make([][]float64, len(runs))
	for _, query := range queries {
		for v, r := range runs {
			values[v] = r.values[query].Values[i : i+1]
		}
		panel.Add([]bool{true}, values)
	}
	one := measure.Contrast{1}
	draws := panel.Bootstrap(compareSamples, o.Seed, o.Workers)
	permutations := measure.Permutations(compareSamples, len(o.Measures)*(len(runs)-1))
	for v, r := range runs {
		row := Comparison{Measure: name, Run: r.name, Queries: len(queries), Value: panel.Value(v, one)}
		row.Low, row.High = draws.Interval(v, one)
		if v > 0 {
			differences := panel.Differences(v, 0, one)
			a := &Against{Gain: row.Value - panel.Value(0, one), PPermutation: measure.PermutationTest(differences, permutations, o.Seed), PTTest: measure.TTest(differences)}
			a.GainLow, a.GainHigh = draws.GainInterval(v, 0, one)
			a.Wins, a.Ties, a.Losses = measure.Outcomes(differences)
			if effect := measure.Effect(differences); !math.IsNaN(effect) {
				a.Effect = &effect
			}
			row.Against = a
		}
		c.Comparisons = append(c.Comparisons, row)
	}
}

// correct corrects p values for all tests of the table (Holm 1979).
func (c *Compared) correct() {
	var tested []*Against
	var permutation, tTest []float64
	for _, row := range c.Comparisons {
		if a := row.Against; a != nil {
			tested, permutation, tTest = append(tested, a), append(permutation, a.PPermutation), append(tTest, a.PTTest)
		}
	}
	permutation, tTest = measure.Holm(permutation), measure.Holm(tTest)
	for i, a := range tested {
		a.PPermutationHolm, a.PTTestHolm = permutation[i], tTest[i]
	}
}
