package stages

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/measure"
	"github.com/ferry-clir/ferry/schemas"
)

// judgments are a table of judgments in memory, by query id. A judgment's languages may be empty, which is any.
type judgments struct {
	byQuery     map[string][]judgment
	anyLanguage bool // some name no document language
}

type judgment struct {
	queryLanguage, documentLanguage, document string
	grade                                     int32
}

// names tells whether a judgment is of a hit's document.
func (j judgment) names(h foundDocument) bool {
	return j.document == h.id && (j.documentLanguage == "" || j.documentLanguage == h.language)
}

func readJudgments(ctx context.Context, t schemas.Table) (*judgments, error) {
	return readJudgmentsOf(ctx, t, func(string) bool { return true })
}

// readJudgmentsOf reads the judgments of the queries that are wanted. A hit is one of grade 1.
func readJudgmentsOf(ctx context.Context, t schemas.Table, wanted func(query string) bool) (*judgments, error) {
	j := &judgments{byQuery: map[string][]judgment{}}
	interned := map[string]string{}
	intern := func(s string) string {
		if known, ok := interned[s]; ok {
			return known
		}
		s = clone(s)
		interned[s] = s
		return s
	}
	for batch, err := range t.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		query, document := texts(batch, schemas.QueryID), texts(batch, schemas.DocumentID)
		grade := func(int) int32 { return 1 } // of hits
		if batch.Schema().HasField(schemas.Grade) {
			grade = column[*array.Int32](batch, schemas.Grade).Value
		}
		queryLanguage, documentLanguage := texts(batch, schemas.QueryLanguage), texts(batch, schemas.DocumentLanguage)
		for i := range int(batch.NumRows()) {
			if !wanted(query.Value(i)) {
				continue
			}
			j.anyLanguage = j.anyLanguage || documentLanguage.Value(i) == ""
			q := intern(query.Value(i))
			j.byQuery[q] = append(j.byQuery[q], judgment{intern(queryLanguage.Value(i)), intern(documentLanguage.Value(i)), intern(document.Value(i)), grade(i)})
		}
	}
	return j, nil
}

// in are the judgments of a query in a language.
func (j *judgments) in(language, query string) []judgment {
	return slices.DeleteFunc(slices.Clone(j.byQuery[query]), func(one judgment) bool {
		return one.queryLanguage != "" && one.queryLanguage != language
	})
}

// meet makes sure that at least one query with hits has a judgment: ids that mean the same but are written differently
// would otherwise score 0.
func (j *judgments) meet(language string, run map[string][]foundDocument) error {
	others := map[string]bool{}
	for query := range run {
		for _, one := range j.byQuery[query] {
			if one.queryLanguage == "" || one.queryLanguage == language {
				return nil
			}
			others[one.queryLanguage] = true
		}
	}
	ids := slices.Sorted(maps.Keys(run))
	switch {
	case len(run) == 0:
		return nil // of a language that nothing was found for
	case len(j.byQuery) == 0:
		return fmt.Errorf("there are no judgments")
	case len(others) > 0:
		return fmt.Errorf("none of the %d queries with hits has a judgment: those of their ids are of queries in %s", len(ids), strings.Join(slices.Sorted(maps.Keys(others)), ", "))
	}
	return fmt.Errorf("none of the %d queries with hits has a judgment: they have ids like %q, those that are judged %q", len(ids), ids[0], slices.Sorted(maps.Keys(j.byQuery))[0])
}

// languages lists, sorted, those of the queries that judgments name.
func (j *judgments) languages() []string {
	named := map[string]bool{}
	for _, list := range j.byQuery {
		for _, one := range list {
			named[one.queryLanguage] = true
		}
	}
	delete(named, "")
	return slices.Sorted(maps.Keys(named))
}

// queries lists, sorted, the queries that count in a language: those judged for it and those with hits.
func (j *judgments) queries(language string, run map[string][]foundDocument) []string {
	ids := map[string]bool{}
	for query, list := range j.byQuery {
		for _, one := range list {
			if one.queryLanguage == "" || one.queryLanguage == language {
				ids[query] = true
				break
			}
		}
	}
	for query := range run {
		ids[query] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

// poolOf lists, sorted, the languages of the documents that runs found.
func poolOf(runs ...map[string][]foundDocument) []string {
	languages := map[string]bool{}
	for _, run := range runs {
		for _, hits := range run {
			for _, h := range hits {
				languages[h.language] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(languages))
}

// of returns the hits of a query and the grades of its documents, both by id, or by `<language>:<id>` where prefixed says so, as
// in a TREC file. Pool lists the languages of the documents that were searched.
func (j *judgments) of(language, query string, run []foundDocument, pool []string, prefixed bool) ([]measure.Hit, map[string]int32, error) {
	name := func(language, id string) string {
		if prefixed {
			return language + ":" + id
		}
		return id
	}
	hits := make([]measure.Hit, len(run))
	for i, h := range run {
		hits[i] = measure.Hit{Document: name(h.language, h.id), Score: h.score}
	}
	grades := map[string]int32{}
	for _, one := range j.byQuery[query] {
		if one.queryLanguage != "" && one.queryLanguage != language {
			continue
		}
		among := pool
		if one.documentLanguage != "" {
			if len(pool) == 1 && pool[0] != one.documentLanguage {
				continue // of documents that were not searched
			}
			among = []string{one.documentLanguage}
		}
		for _, l := range among {
			id := name(l, one.document)
			if other, twice := grades[id]; twice && other != one.grade {
				return nil, nil, fmt.Errorf("query %q has two judgments of document %q, %d and %d", query, id, other, one.grade)
			}
			grades[id] = one.grade
		}
	}
	return hits, grades, nil
}
