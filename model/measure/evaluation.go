package measure

import (
	"cmp"
	"fmt"
	"slices"
)

// Options say which documents are relevant and which queries count. The zero
// value is trec_eval -c.
type Options struct {
	// Level is the smallest grade that the measures other than nDCG count as
	// relevant; below 1 it means 1.
	Level int32
	// SkipAbsent leaves judged queries without hits out, instead of counting
	// them as 0 (trec_eval without -c).
	SkipAbsent bool
	// SkipNothingRelevant leaves out queries none of whose judgments reaches
	// Level. trec_eval counts them as 0.
	SkipNothingRelevant bool
	// Ties asks for the extremes over all orders of hits with equal scores.
	Ties bool
}

// Values are a query's values, in the order of the evaluation's measures. With
// Options.Ties, TieLow and TieHigh are the least and the greatest that another
// order of the hits with equal scores gives, not a number for infAP.
type Values struct {
	Query           string
	Values          []float64
	TieLow, TieHigh []float64
}

// An Evaluation gathers the values of queries. Its methods may not be called
// from several goroutines at once.
type Evaluation struct {
	measures []Measure
	options  Options
	queries  []Values
	sorted   bool
	ranked   ranked
	known    documents
	// Skipped counts the queries that were left out.
	Skipped struct{ Unjudged, Absent, NothingRelevant int }
}

// New returns an evaluation by measures that came out of Parse.
func New(measures []Measure, o Options) *Evaluation {
	o.Level = max(1, o.Level)
	return &Evaluation{measures: measures, options: o, ranked: ranked{level: o.Level}}
}

// Add evaluates one query and returns its values, or nil where the options, or
// a lack of judgments, leave it out; a judged query that the run lacks is added
// without hits. It puts the hits in rank order, in place. Errors are Rank's;
// a query is added once only, which Add leaves to Queries to check.
func (e *Evaluation) Add(query string, hits []Hit, judged map[string]int32) ([]float64, error) {
	if err := e.known.rank(query, hits); err != nil {
		return nil, err
	}
	e.ranked.rank(hits, judged)
	switch {
	case len(judged) == 0:
		e.Skipped.Unjudged++
		return nil, nil
	case len(hits) == 0 && e.options.SkipAbsent:
		e.Skipped.Absent++
		return nil, nil
	case e.ranked.relevant == 0 && e.options.SkipNothingRelevant:
		e.Skipped.NothingRelevant++
		return nil, nil
	}
	q := Values{Query: query, Values: make([]float64, len(e.measures))}
	for i, m := range e.measures {
		q.Values[i] = m.kind().evaluate(e.ranked, m)
	}
	if e.options.Ties {
		q.TieLow, q.TieHigh = e.bounds(q.Values)
	}
	e.queries = append(e.queries, q)
	e.sorted = false
	return q.Values, nil
}

// Queries returns the queries that count, by id in byte order. A query that
// was added twice is an error.
func (e *Evaluation) Queries() ([]Values, error) {
	if !e.sorted {
		slices.SortFunc(e.queries, func(a, b Values) int { return cmp.Compare(a.Query, b.Query) })
		e.sorted = true
	}
	for i := 1; i < len(e.queries); i++ {
		if e.queries[i].Query == e.queries[i-1].Query {
			return nil, fmt.Errorf("evaluating: query %q was added twice", e.queries[i].Query)
		}
	}
	return e.queries, nil
}
