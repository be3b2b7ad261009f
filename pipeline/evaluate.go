package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/ferry-clir/ferry/model/measure"
	"github.com/ferry-clir/ferry/sources"
)

// EvaluateOptions say how a run file is evaluated.
type EvaluateOptions struct {
	Measures   []string
	Level      int32 // smallest grade that is relevant
	SkipAbsent bool  // leave out judged queries that the run lacks
	Workers    int
}

// Evaluated are the measures of a run file.
type Evaluated struct {
	Measures []string
	Means    []float64        // by measure
	Queries  []measure.Values // by id
}

// EvaluateRun evaluates a run against judgments, both in trec_eval's format. Where the lines of each query stand together
// one query is in memory at a time, else the run is.
func EvaluateRun(ctx context.Context, run, judgments string, o EvaluateOptions) (Evaluated, error) {
	var measures []measure.Measure
	e := Evaluated{}
	for _, name := range o.Measures {
		m, err := measure.Parse(name)
		if err != nil {
			return e, err
		}
		measures, e.Measures = append(measures, m), append(e.Measures, m.String())
	}
	if len(measures) == 0 {
		return e, errors.New("no measure is named")
	}
	judged := map[string]map[string]int32{}
	err := sources.ReadJudgments(ctx, judgments, o.Workers, func(query, document []byte, grade int32) error {
		of := judged[string(query)]
		if of == nil {
			of = map[string]int32{}
			judged[string(query)] = of
		}
		of[string(document)] = grade
		return nil
	})
	if err != nil {
		return e, err
	}
	options := measure.Options{Level: o.Level, SkipAbsent: o.SkipAbsent}
	evaluation := measure.New(measures, options)
	err = evaluateGrouped(ctx, run, o.Workers, evaluation, judged)
	if errors.Is(err, errNotGrouped) {
		evaluation = measure.New(measures, options)
		err = evaluateWhole(ctx, run, o.Workers, evaluation, judged)
	}
	if err != nil {
		return e, fmt.Errorf("evaluating %s: %w", run, err)
	}
	summaries, err := evaluation.Summaries(0, 0)
	if err != nil {
		return e, err
	}
	for _, s := range summaries {
		e.Means = append(e.Means, s.Mean)
	}
	e.Queries, err = evaluation.Queries()
	return e, err
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

// evaluateGrouped evaluates query by query, then those that the run lacks.
func evaluateGrouped(ctx context.Context, run string, workers int, e *measure.Evaluation, judged map[string]map[string]int32) error {
	seen := map[string]bool{}
	var query string
	var f found
	var hits []measure.Hit
	finish := func() error {
		if len(f.ends) == 0 {
			return nil
		}
		hits = f.hits(hits[:0])
		f.ids, f.ends, f.scores = f.ids[:0], f.ends[:0], f.scores[:0]
		_, err := e.Add(query, hits, judged[query])
		return err
	}
	err := sources.ReadRun(ctx, run, workers, func(of, document []byte, score float64) error {
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
	if err != nil {
		return err
	}
	return evaluateAbsent(e, judged, func(query string) bool { return seen[query] })
}

// evaluateWhole is evaluateGrouped for lines in any order.
func evaluateWhole(ctx context.Context, run string, workers int, e *measure.Evaluation, judged map[string]map[string]int32) error {
	all := map[string]*found{}
	err := sources.ReadRun(ctx, run, workers, func(query, document []byte, score float64) error {
		f := all[string(query)]
		if f == nil {
			f = &found{}
			all[string(query)] = f
		}
		f.add(document, score)
		return nil
	})
	if err != nil {
		return err
	}
	for query, f := range all {
		if _, err := e.Add(query, f.hits(nil), judged[query]); err != nil {
			return err
		}
	}
	return evaluateAbsent(e, judged, func(query string) bool { return all[query] != nil })
}

func evaluateAbsent(e *measure.Evaluation, judged map[string]map[string]int32, seen func(string) bool) error {
	for query, grades := range judged {
		if !seen(query) {
			if _, err := e.Add(query, nil, grades); err != nil {
				return err
			}
		}
	}
	return nil
}
