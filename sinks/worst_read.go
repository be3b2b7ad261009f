package sinks

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// fill reads what is shown of the queries: texts, judgments, hits, and at last the texts of the documents.
func (w *worst) fill(ctx context.Context, job Job, hits schemas.Table) error {
	wanted := map[documentID]*worstQuery{}
	byID := map[string][]*worstQuery{}
	for _, language := range w.languages {
		for _, q := range w.queries[language] {
			q.grades, q.ranks = map[documentID]int32{}, map[documentID]int32{}
			wanted[documentID{language, q.id}] = q
			byID[q.id] = append(byID[q.id], q)
		}
	}
	if err := readQueries(ctx, job.Tables["queries"], wanted); err != nil {
		return err
	}
	if err := readGrades(ctx, job.Tables["judgments"], byID); err != nil {
		return err
	}
	if err := readShownHits(ctx, hits, wanted); err != nil {
		return err
	}
	w.texts = map[documentID]string{}
	for _, q := range wanted {
		for _, d := range append(q.missed(), q.hits...) {
			w.texts[d.documentID] = ""
		}
	}
	return w.readDocuments(ctx, job.Tables["documents"])
}

// readQueries fills in texts, and what may not be found.
func readQueries(ctx context.Context, tables []schemas.Table, wanted map[documentID]*worstQuery) error {
	return eachBatch(ctx, tables, func(batch arrow.RecordBatch) {
		language, id, text := textsOf(batch, schemas.Language), textsOf(batch, schemas.ID), textsOf(batch, schemas.Text)
		exclude := column[*array.List](batch, schemas.Exclude)
		excluded := exclude.ListValues().(*array.String)
		for i := range id.Len() {
			q := wanted[documentID{language.Value(i), id.Value(i)}]
			if q == nil {
				continue
			}
			q.text = strings.Clone(text.Value(i))
			from, to := exclude.ValueOffsets(i)
			for j := from; j < to; j++ {
				q.excluded = append(q.excluded, strings.Clone(excluded.Value(int(j))))
			}
		}
	})
}

// readGrades fills in the grades of what is judged for a query, but for documents that may not be found.
func readGrades(ctx context.Context, tables []schemas.Table, byID map[string][]*worstQuery) error {
	return eachBatch(ctx, tables, func(batch arrow.RecordBatch) {
		query, document := textsOf(batch, schemas.QueryID), textsOf(batch, schemas.DocumentID)
		queryLanguage, language := textsOf(batch, schemas.QueryLanguage), textsOf(batch, schemas.DocumentLanguage)
		grade := column[*array.Int32](batch, schemas.Grade)
		for i := range query.Len() {
			for _, q := range byID[query.Value(i)] {
				if (queryLanguage.IsNull(i) || queryLanguage.Value(i) == q.language) && !slices.Contains(q.excluded, document.Value(i)) {
					q.grades[documentID{strings.Clone(language.Value(i)), strings.Clone(document.Value(i))}] = grade.Value(i)
				}
			}
		}
	})
}

// judged is how a document stands among the judgments; false if it does not.
func (q *worstQuery) judged(d documentID) (documentID, bool) {
	if _, ok := q.grades[d]; ok {
		return d, true
	}
	d.language = ""
	_, ok := q.grades[d]
	return d, ok
}

// readShownHits fills in the first hits, and the ranks of those that are judged.
func readShownHits(ctx context.Context, hits schemas.Table, wanted map[documentID]*worstQuery) error {
	return eachBatch(ctx, []schemas.Table{hits}, func(batch arrow.RecordBatch) {
		queryLanguage, query := textsOf(batch, schemas.QueryLanguage), textsOf(batch, schemas.QueryID)
		language, document := textsOf(batch, schemas.DocumentLanguage), textsOf(batch, schemas.DocumentID)
		rank := column[*array.Int32](batch, schemas.Rank)
		for i := range query.Len() {
			q := wanted[documentID{queryLanguage.Value(i), query.Value(i)}]
			if q == nil {
				continue
			}
			d := documentID{strings.Clone(language.Value(i)), strings.Clone(document.Value(i))}
			if r := rank.Value(i); r <= shownHits {
				q.hits = append(q.hits, shownDocument{documentID: d, rank: r})
			}
			if judged, ok := q.judged(d); ok && (q.ranks[judged] == 0 || rank.Value(i) < q.ranks[judged]) {
				q.ranks[judged] = rank.Value(i)
			}
		}
	})
}

// missed are relevant documents that are not among the first hits, by rank: those of the highest grade, and of these those found
// first.
func (q *worstQuery) missed() []shownDocument {
	var all []shownDocument
	for d, grade := range q.grades {
		if rank := q.ranks[d]; grade > 0 && (rank == 0 || rank > shownHits) {
			all = append(all, shownDocument{documentID: d, rank: rank})
		}
	}
	byRank := func(a, b shownDocument) int { // those not found, whose rank is 0, last
		return cmp.Or(cmp.Compare(uint32(a.rank-1), uint32(b.rank-1)), strings.Compare(a.id, b.id), strings.Compare(a.language, b.language))
	}
	slices.SortFunc(all, func(a, b shownDocument) int {
		return cmp.Or(cmp.Compare(q.grades[b.documentID], q.grades[a.documentID]), byRank(a, b))
	})
	all = all[:min(len(all), shownRelevant)]
	slices.SortFunc(all, byRank)
	return all
}

// readDocuments fills in the texts of documents. One that is judged in any language is shown in the first in which it comes.
func (w *worst) readDocuments(ctx context.Context, tables []schemas.Table) error {
	return eachBatch(ctx, tables, func(batch arrow.RecordBatch) {
		language, id, title, text := textsOf(batch, schemas.Language), textsOf(batch, schemas.ID), textsOf(batch, schemas.Title), textsOf(batch, schemas.Text)
		for i := range id.Len() {
			for _, d := range []documentID{{language.Value(i), id.Value(i)}, {"", id.Value(i)}} {
				if known, ok := w.texts[d]; ok && known == "" {
					w.texts[documentID{strings.Clone(d.language), strings.Clone(d.id)}] = shortened(title.Value(i), text.Value(i))
				}
			}
		}
	})
}
