package trec

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/model/measure"
	"github.com/ferry-clir/ferry/sources"
)

// A MovedQuery is a query whose value a run changed, and where its relevant documents stood before, in the first run, and
// stand after.
type MovedQuery struct {
	Run            string          `json:"run"`
	QueryID        string          `json:"query_id"`
	Text           string          `json:"text,omitempty"`
	Measure        string          `json:"measure"`
	Before         float64         `json:"before"`
	After          float64         `json:"after"`
	HitsBefore     int             `json:"hits_before"`
	HitsAfter      int             `json:"hits_after"`
	First          int             `json:"first"` // how many of the first hits unjudged ones are counted among
	UnjudgedBefore int             `json:"unjudged_before"`
	UnjudgedAfter  int             `json:"unjudged_after"`
	Documents      []MovedDocument `json:"documents"` // by the better of its ranks
}

// A MovedDocument is a relevant document with its ranks, from 1; null where the run does not have it.
type MovedDocument struct {
	DocumentID string `json:"document_id"`
	Text       string `json:"text,omitempty"`
	Grade      int32  `json:"grade"`
	RankBefore *int   `json:"rank_before"`
	RankAfter  *int   `json:"rank_after"`
}

// places are what is kept of a query's hits.
type places struct {
	hits     int
	ranks    map[string]int // of the relevant documents, from 1
	unjudged int            // among the first
}

// topOf is how many of the first hits a measure looks at, ten if it looks at all.
func topOf(m measure.Measure) int {
	if m.Cutoff > 0 {
		return m.Cutoff
	}
	return 10
}

func placesOf(hits []measure.Hit, grades map[string]int32, level int32, first int) *places {
	p := &places{hits: len(hits), ranks: map[string]int{}}
	for i, h := range hits {
		grade, judged := grades[h.Document]
		if grade >= level {
			p.ranks[strings.Clone(h.Document)] = i + 1
		}
		if (!judged || grade < 0) && i < first {
			p.unjudged++
		}
	}
	return p
}

// move adds the queries whose value by the first measure the run changed most against the base.
func (c *Compared) move(run, base *comparedRun, queries []string, judged map[string]map[string]int32, o CompareOptions) {
	gain := func(query string) float64 { return run.values[query].Values[0] - base.values[query].Values[0] }
	same := true
	for _, query := range queries {
		same = same && maps.Equal(run.places[query].ranks, base.places[query].ranks)
	}
	if same {
		c.Warnings = append(c.Warnings, fmt.Sprintf("%s and %s have all relevant documents of all queries at the same ranks: are they the same run?", base.path, run.path))
	}
	byGain := slices.Clone(queries)
	slices.SortStableFunc(byGain, func(a, b string) int { return cmp.Compare(gain(b), gain(a)) })
	for _, query := range first(byGain, o.Top, func(query string) bool { return gain(query) > 0 }) {
		c.Moved = append(c.Moved, moved(run, base, query, judged[query], o))
	}
	slices.SortStableFunc(byGain, func(a, b string) int { return cmp.Or(cmp.Compare(gain(a), gain(b)), cmp.Compare(a, b)) })
	for _, query := range first(byGain, o.Top, func(query string) bool { return gain(query) < 0 }) {
		c.Moved = append(c.Moved, moved(run, base, query, judged[query], o))
	}
}

// first are the first n that belong.
func first(queries []string, n int, belongs func(string) bool) []string {
	end := 0
	for end < min(n, len(queries)) && belongs(queries[end]) {
		end++
	}
	return queries[:end]
}

func moved(run, base *comparedRun, query string, grades map[string]int32, o CompareOptions) MovedQuery {
	before, after := base.places[query], run.places[query]
	q := MovedQuery{Run: run.name, QueryID: query, Measure: o.Measures[0].String(), Before: base.values[query].Values[0], After: run.values[query].Values[0],
		HitsBefore: before.hits, HitsAfter: after.hits, First: topOf(o.Measures[0]), UnjudgedBefore: before.unjudged, UnjudgedAfter: after.unjudged, Documents: []MovedDocument{}}
	rank := func(p *places, document string) *int {
		if rank, ok := p.ranks[document]; ok {
			return &rank
		}
		return nil
	}
	for document, grade := range grades {
		if grade >= o.Level {
			q.Documents = append(q.Documents, MovedDocument{DocumentID: document, Grade: grade, RankBefore: rank(before, document), RankAfter: rank(after, document)})
		}
	}
	slices.SortFunc(q.Documents, func(a, b MovedDocument) int {
		return cmp.Or(cmp.Compare(a.best(), b.best()), -cmp.Compare(a.Grade, b.Grade), cmp.Compare(a.DocumentID, b.DocumentID))
	})
	return q
}

// best is the better of the document's ranks.
func (d MovedDocument) best() int {
	const none = 1 << 30
	best := none
	for _, rank := range []*int{d.RankBefore, d.RankAfter} {
		if rank != nil {
			best = min(best, *rank)
		}
	}
	return best
}

// addTexts reads the texts of what is shown.
func (c *Compared) addTexts(ctx context.Context, o CompareOptions) error {
	queries, documents := map[string][]*string{}, map[string][]*string{}
	for i := range c.Moved {
		q := &c.Moved[i]
		queries[q.QueryID] = append(queries[q.QueryID], &q.Text)
		for k := range q.Documents {
			d := &q.Documents[k]
			documents[d.DocumentID] = append(documents[d.DocumentID], &d.Text)
		}
	}
	for _, one := range []struct {
		path string
		want map[string][]*string
	}{{o.Queries, queries}, {o.Documents, documents}} {
		if one.path == "" || len(one.want) == 0 {
			continue
		}
		found := 0
		err := sources.ReadTexts(ctx, one.path, o.Workers, func(id, text []byte) error {
			for _, to := range one.want[string(id)] {
				*to = string(text)
				found++
			}
			return nil
		})
		if err != nil {
			return err
		}
		if found == 0 {
			c.Warnings = append(c.Warnings, fmt.Sprintf("%s has no text of what is shown, such as %q: its lines are an id, a tab and a text", one.path, slices.Min(slices.Collect(maps.Keys(one.want)))))
		}
	}
	return nil
}
