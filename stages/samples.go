package stages

import (
	"context"
	"slices"

	"github.com/ferry-clir/ferry/schemas"
)

// A sample is a query with documents: the one that it is to find, then hard negatives.
type sample struct {
	query     textKey
	documents []textKey
	order     uint64 // as if drawn by chance
}

// eachText calls do for every row of a table of queries or documents.
func eachText(ctx context.Context, t schemas.Table, do func(key textKey, text string)) error {
	for batch, err := range t.Batches(ctx) {
		if err != nil {
			return err
		}
		language, id, text := texts(batch, schemas.Language), texts(batch, schemas.ID), texts(batch, schemas.Text)
		for i := range int(batch.NumRows()) {
			do(textKey{language.Value(i), id.Value(i)}, text.Value(i))
		}
	}
	return nil
}

// languages are those that a table has texts of ids in.
type languages map[string][]string

// languagesOf looks for the ids that are the keys of wanted.
func languagesOf[V any](ctx context.Context, t schemas.Table, wanted map[string]V) (languages, error) {
	found := languages{}
	interned := map[string]string{}
	err := eachText(ctx, t, func(key textKey, _ string) {
		if _, ok := wanted[key.id]; !ok {
			return
		}
		language, ok := interned[key.language]
		if !ok {
			language = clone(key.language)
			interned[language] = language
		}
		id := key.id
		if found[id] == nil {
			id = clone(id)
		}
		found[id] = append(found[id], language)
	})
	return found, err
}

// all are the texts that a key, whose language may be any, stands for.
func (l languages) all(key textKey) []textKey {
	var found []textKey
	for _, language := range l[key.id] {
		if key.language == "" || key.language == language {
			found = append(found, textKey{language, key.id})
		}
	}
	return found
}

// one is the text that a key stands for: of several languages the preferred one, if it is among them, else one that draw
// decides on.
func (l languages) one(key textKey, preferred string, draw uint64) (textKey, bool) {
	found := l.all(key)
	if len(found) == 0 {
		return textKey{}, false
	}
	if at := slices.Index(found, textKey{preferred, key.id}); at >= 0 {
		return found[at], true
	}
	return found[draw%uint64(len(found))], true
}

// first keeps the samples, at most so many, that are first in the order, and leaves them as they are.
func first(samples []sample, most int, drop func(reason string, n int64)) []sample {
	if len(samples) <= most {
		return samples
	}
	orders := make([]uint64, len(samples))
	for i, s := range samples {
		orders[i] = s.order
	}
	slices.Sort(orders)
	limit := orders[most-1]
	kept := slices.DeleteFunc(samples, func(s sample) bool { return s.order > limit })
	kept = kept[:min(most, len(kept))]
	drop("beyond_max_samples", int64(len(orders)-len(kept)))
	return kept
}

// An answering knows which documents answer which queries, by their numbers.
type answering struct {
	samples   []sample
	queries   map[textKey]int32
	documents map[textKey]int32
	answers   map[[2]int32]struct{} // query, document
}

// newAnswering takes those that the judgments, of a grade above 0, name among the texts of the samples.
func newAnswering(samples []sample, judged *judgments) *answering {
	a := &answering{samples: samples, queries: map[textKey]int32{}, documents: map[textKey]int32{}, answers: map[[2]int32]struct{}{}}
	found := languages{}
	for _, s := range samples {
		number(a.queries, s.query)
		for _, d := range s.documents {
			if number(a.documents, d) {
				found[d.id] = append(found[d.id], d.language)
			}
		}
	}
	for query, q := range a.queries {
		for _, j := range judged.in(query.language, query.id) {
			if j.grade < 1 {
				continue
			}
			for _, d := range found.all(textKey{j.documentLanguage, j.document}) {
				a.answers[[2]int32{q, a.documents[d]}] = struct{}{}
			}
		}
	}
	return a
}

// number gives a key the next number if it has none, and tells whether it had none.
func number(numbers map[textKey]int32, key textKey) bool {
	_, known := numbers[key]
	if !known {
		numbers[key] = int32(len(numbers))
	}
	return !known
}

// masked tells whether document k of sample j is no negative of sample i: it answers its query, or is not there. See
// train.Contrastive.
func (a *answering) masked(i, j, k int) bool {
	if k >= len(a.samples[j].documents) {
		return true
	}
	document := a.samples[j].documents[k]
	if document == a.samples[i].documents[0] {
		return true
	}
	_, answers := a.answers[[2]int32{a.queries[a.samples[i].query], a.documents[document]}]
	return answers
}
