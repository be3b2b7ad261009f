package trec

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ferry-clir/ferry/model/measure"
	"github.com/ferry-clir/ferry/sources"
)

// EvaluateOptions say how a run file is evaluated.
type EvaluateOptions struct {
	Measures   []measure.Measure
	Level      int32 // smallest grade that is relevant
	SkipAbsent bool  // leave out judged queries that the run lacks
	Ties       bool  // look for the extremes over orders of documents with equal scores
	Workers    int
}

// Evaluated are the measures of a run file.
type Evaluated struct {
	Totals   []measure.Summary // by measure
	Queries  []measure.Values  // by id
	Warnings []string          // of what makes the values less than they seem
}

// Evaluate evaluates a run against judgments, both in trec_eval's format. Where the lines of each query stand together
// one query is in memory at a time, else the run is.
func Evaluate(ctx context.Context, run, judgments string, o EvaluateOptions) (Evaluated, error) {
	judged, err := readJudged(ctx, judgments, o.Workers)
	if err != nil {
		return Evaluated{}, err
	}
	return evaluate(ctx, run, judged, o, func(string, []measure.Hit) {})
}

// evaluate evaluates a run, and calls ranked with the hits of every judged query in rank order, which are valid during
// the call only. Where the lines of a query do not stand together, that begins anew.
func evaluate(ctx context.Context, run string, judged map[string]map[string]int32, o EvaluateOptions, ranked func(query string, hits []measure.Hit)) (Evaluated, error) {
	var evaluation *measure.Evaluation
	absent := 0
	unseen := newUnseenLanguages(o.Measures)
	add := func(query string, hits []measure.Hit) error {
		if len(hits) == 0 {
			absent++
		}
		for _, h := range hits {
			unseen.see(h.Document)
		}
		values, err := evaluation.Add(query, hits, judged[query])
		if values != nil {
			ranked(query, hits)
		}
		return err
	}
	begin := func() {
		evaluation = measure.New(o.Measures, measure.Options{Level: o.Level, SkipAbsent: o.SkipAbsent, Ties: o.Ties})
	}
	begin()
	seen, err := eachQuery(ctx, run, o.Workers, add)
	if errors.Is(err, errNotGrouped) {
		begin()
		seen, err = eachQueryWhole(ctx, run, o.Workers, add)
	}
	var duplicate *measure.Duplicate
	if errors.As(err, &duplicate) {
		err = cmp.Or(sources.FindTwice(ctx, run, o.Workers, duplicate.Query, duplicate.Document), err)
	}
	if err == nil {
		err = meet(run, seen, judged)
	}
	if err != nil {
		return Evaluated{}, err
	}
	for query, documents := range judged {
		for document := range documents {
			unseen.see(document)
		}
		if !seen[query] {
			if err := add(query, nil); err != nil {
				return Evaluated{}, err
			}
		}
	}
	e := Evaluated{Warnings: append(unseen.warnings(run), unjudged(run, seen, judged)...)}
	if e.Totals, err = evaluation.Summaries(0, 0); err != nil {
		return e, fmt.Errorf("evaluating %s: %w", run, err)
	}
	if absent > 0 && !o.SkipAbsent {
		e.Warnings = append(e.Warnings, fmt.Sprintf("%s has no hits for %d of the %d queries that are judged: they count as 0 (--absent skip leaves them out)", run, absent, len(judged)))
	}
	e.Queries, err = evaluation.Queries()
	return e, err
}

// meet makes sure that at least one query of a run is judged: ids that mean the same but are written differently would
// otherwise score 0.
func meet(run string, seen map[string]bool, judged map[string]map[string]int32) error {
	if len(seen) == 0 {
		return fmt.Errorf("%s has no hits", run)
	}
	for query := range seen {
		if judged[query] != nil {
			return nil
		}
	}
	return fmt.Errorf("%s: none of its %d queries is judged: they have ids like %q, those that are judged %q",
		run, len(seen), slices.Min(slices.Collect(maps.Keys(seen))), slices.Min(slices.Collect(maps.Keys(judged))))
}

// unjudged warns of queries of a run that nobody judged: trec_eval leaves them out, too, and says nothing.
func unjudged(run string, seen map[string]bool, judged map[string]map[string]int32) []string {
	var left []string
	for query := range seen {
		if judged[query] == nil {
			left = append(left, query)
		}
	}
	if len(left) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d of the %d queries of %s are not judged and do not count, such as %q", len(left), len(seen), run, slices.Min(left))}
}

// ParseMeasures parses measures of run files, each of which counts once. Those that are wrong are all named by the error. Where
// means are needed, for intervals and tests, others are wrong, too.
func ParseMeasures(names []string, means bool) ([]measure.Measure, error) {
	var measures []measure.Measure
	var wrong []error
	for _, name := range names {
		m, err := measure.Parse(name)
		switch {
		case err != nil:
		case m.Language == measure.EachLanguage:
			err = fmt.Errorf("measure %s: name the language that stands before the ids of documents, as in %s", m, m.In([]string{"sw"})[0])
		case means && !m.Averaged():
			err = fmt.Errorf("measure %s is no mean over queries, which intervals and tests need; `ferry evaluate` has it", m)
		case !slices.Contains(measures, m):
			measures = append(measures, m)
		}
		wrong = append(wrong, err)
	}
	err := errors.Join(wrong...)
	if err == nil && len(measures) == 0 {
		err = errors.New("no measure is named")
	}
	return measures, err
}

// readJudged reads judgments by query, then document.
func readJudged(ctx context.Context, path string, workers int) (map[string]map[string]int32, error) {
	judged := map[string]map[string]int32{}
	err := sources.ReadJudgments(ctx, path, workers, func(query, document []byte, grade int32) error {
		of := judged[string(query)]
		if of == nil {
			of = map[string]int32{}
			judged[string(query)] = of
		}
		of[string(document)] = grade
		return nil
	})
	if err == nil && len(judged) == 0 {
		err = fmt.Errorf("%s holds no judgments", path)
	}
	return judged, err
}

var errNotGrouped = errors.New("the lines of a query do not stand together")

// A found is a query's hits while they are read: their documents' ids, one after the other, where each ends, and scores.
type found struct {
	ids    []byte
	ends   []int
	scores []float64
}

func (f *found) add(document []byte, score float64) {
	f.ids = append(f.ids, document...)
	f.ends, f.scores = append(f.ends, len(f.ids)), append(f.scores, score)
}

// hits appends them.
func (f *found) hits(to []measure.Hit) []measure.Hit {
	ids, begin := string(f.ids), 0
	for i, end := range f.ends {
		to = append(to, measure.Hit{Document: ids[begin:end], Score: f.scores[i]})
		begin = end
	}
	return to
}

// eachQuery calls add with every query's hits, which are valid during the call only, and returns the queries.
func eachQuery(ctx context.Context, run string, workers int, add func(query string, hits []measure.Hit) error) (seen map[string]bool, err error) {
	seen = map[string]bool{}
	var query string
	var f found
	var hits []measure.Hit
	finish := func() error {
		if len(f.ends) == 0 {
			return nil
		}
		hits = f.hits(hits[:0])
		f.ids, f.ends, f.scores = f.ids[:0], f.ends[:0], f.scores[:0]
		return add(query, hits)
	}
	err = sources.ReadRun(ctx, run, workers, func(of, document []byte, score float64) error {
		if string(of) != query {
			if err := finish(); err != nil {
				return err
			}
			if query = string(of); seen[query] {
				return errNotGrouped
			}
			seen[query] = true
		}
		f.add(document, score)
		return nil
	})
	if err == nil {
		err = finish()
	}
	return seen, err
}

// eachQueryWhole is eachQuery for lines in any order.
func eachQueryWhole(ctx context.Context, run string, workers int, add func(query string, hits []measure.Hit) error) (seen map[string]bool, err error) {
	all, seen := map[string]*found{}, map[string]bool{}
	err = sources.ReadRun(ctx, run, workers, func(query, document []byte, score float64) error {
		f := all[string(query)]
		if f == nil {
			f = &found{}
			all[string(query)], seen[string(query)] = f, true
		}
		f.add(document, score)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for query, f := range all {
		if err := add(query, f.hits(nil)); err != nil {
			return nil, err
		}
	}
	return seen, nil
}
