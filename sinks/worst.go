package sinks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// How many queries of a language are shown, how many documents of each, and how many relevant ones that stand lower.
const (
	worstQueries  = 3
	shownHits     = 3
	shownRelevant = 2
)

// worst are the queries of each language that one variant answers worst, or for which it loses most to the baseline.
type worst struct {
	variant, baseline, measure string // the baseline may be empty
	languages                  []string
	left                       int                      // languages for which there is no room
	queries                    map[string][]*worstQuery // by language, the worst first
	texts                      map[documentID]string    // of the documents that are shown
}

// A worstQuery is one of them.
type worstQuery struct {
	language, id, text string
	value, before      float64 // the measure, and the baseline's
	excluded           []string
	grades             map[documentID]int32 // of what is judged; a language may be empty, for any
	hits               []shownDocument      // the first
	ranks              map[documentID]int32 // of the hits that are judged
}

type documentID struct{ language, id string }

// A shownDocument is one that is shown with its text.
type shownDocument struct {
	documentID
	rank int32 // 0 if it was not found
	text string
}

// A measured table of scores is one variant's by one measure, with the hits that it was measured on.
type measured struct {
	scores, hits                  schemas.Table
	variant, scoring, measureName string
	sum                           float64 // of the languages' means
	languages                     int
}

// mean is that over languages, by the measure that stands first.
func (m measured) mean() float64 { return m.sum / float64(max(m.languages, 1)) }

// readWorst finds the worst queries of the best variant among those whose hits are there. Tables are read again and again, and
// no more is held than the values of the baseline and what is shown.
func readWorst(ctx context.Context, job Job, baseline string) (*worst, error) {
	var best, base *measured
	for _, scores := range job.Tables["from"] {
		m, err := readMeasured(ctx, scores, job.Tables["hits"])
		if err != nil {
			return nil, err
		}
		if m.variant == baseline && base == nil {
			base = &m
		} else if m.hits.Batches != nil && (best == nil || m.mean() > best.mean()) {
			best = &m
		}
	}
	if best == nil && base != nil && base.hits.Batches != nil { // the baseline alone
		best, base = base, nil
	}
	if best == nil {
		return nil, fmt.Errorf("none of the hits was measured by a table of scores; name under hits what a table under from is made of")
	}
	if base != nil && (base.scoring != best.scoring || base.measureName != best.measureName) {
		base = nil
	}
	w := &worst{variant: best.variant, measure: titled(best.measureName, best.scoring), queries: map[string][]*worstQuery{}}
	before := map[documentID]float64{}
	if base != nil {
		w.baseline = base.variant
		err := eachValue(ctx, *base, func(language, query string, value float64) { before[documentID{language, query}] = value })
		if err != nil {
			return nil, err
		}
	}
	err := eachValue(ctx, *best, func(language, query string, value float64) {
		w.add(&worstQuery{language: language, id: query, value: value, before: before[documentID{language, query}]})
	})
	if err != nil {
		return nil, err
	}
	all := len(w.languages)
	w.languages = most(w.languages, mostLanguages, func(language string) float64 {
		worst := w.queries[language][0]
		return worst.before - worst.value
	})
	w.left = all - len(w.languages)
	return w, w.fill(ctx, job, best.hits)
}

// readMeasured reads the means of a table of scores.
func readMeasured(ctx context.Context, scores schemas.Table, hits []schemas.Table) (measured, error) {
	m := measured{scores: scores}
	for _, t := range hits {
		if slices.Contains(scores.MadeOf, t.Name) {
			m.hits = t
		}
	}
	for batch, err := range scores.Batches(ctx) {
		if err != nil {
			return m, err
		}
		query, measure, value := textsOf(batch, schemas.QueryID), textsOf(batch, schemas.Measure), column[*array.Float64](batch, schemas.Value)
		for i := range query.Len() {
			if m.measureName == "" {
				m.variant, m.scoring, m.measureName = strings.Clone(textsOf(batch, schemas.Variant).Value(i)), strings.Clone(textsOf(batch, schemas.Scoring).Value(i)), strings.Clone(measure.Value(i))
			}
			if query.IsNull(i) && measure.Value(i) == m.measureName {
				m.sum, m.languages = m.sum+value.Value(i), m.languages+1
			}
		}
	}
	return m, nil
}

// eachValue calls do with the value of each query by the measure that stands first.
func eachValue(ctx context.Context, m measured, do func(language, query string, value float64)) error {
	for batch, err := range m.scores.Batches(ctx) {
		if err != nil {
			return err
		}
		language, query, measure := textsOf(batch, schemas.Language), textsOf(batch, schemas.QueryID), textsOf(batch, schemas.Measure)
		value := column[*array.Float64](batch, schemas.Value)
		for i := range query.Len() {
			if query.IsValid(i) && measure.Value(i) == m.measureName {
				do(strings.Clone(language.Value(i)), strings.Clone(query.Value(i)), value.Value(i))
			}
		}
	}
	return nil
}

// add takes a query into account. Where there is no baseline, before is 0 and the lowest value the largest loss.
func (w *worst) add(q *worstQuery) {
	list, ok := w.queries[q.language]
	if !ok {
		w.languages = append(w.languages, q.language)
	}
	place, _ := slices.BinarySearchFunc(list, q, func(a, b *worstQuery) int {
		return cmp.Or(cmp.Compare(a.value-a.before, b.value-b.before), cmp.Compare(a.value, b.value), strings.Compare(a.id, b.id))
	})
	list = slices.Insert(list, place, q)
	w.queries[q.language] = list[:min(len(list), worstQueries)]
}
