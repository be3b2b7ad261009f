package stages

import (
	"context"
	"fmt"
	"hash/fnv"
)

// samples are those to learn from, and what is known of which documents answer which queries.
func (t *Train) samples(ctx context.Context, job Job) (samples []sample, judged *judgments, err error) {
	if t.Triples != "" {
		samples, judged, err = t.samplesOfTriples(ctx, job)
	} else {
		samples, judged, err = t.samplesOfJudgments(ctx, job)
	}
	return first(samples, t.MaxSamples, job.Outputs[trainingTable].Drop), judged, err
}

// samplesOfTriples has a sample for each group of triples in each language of its query.
func (t *Train) samplesOfTriples(ctx context.Context, job Job) ([]sample, *judgments, error) {
	from, _ := job.Table("triples")
	groups, err := readTriples(ctx, job, from, t.MaxSamples, t.Negatives)
	if err != nil {
		return nil, nil, err
	}
	queryIDs, documentIDs := map[string]struct{}{}, map[string]struct{}{}
	for _, g := range groups {
		queryIDs[g.query.id], documentIDs[g.positive.id] = struct{}{}, struct{}{}
		for _, n := range g.negatives {
			documentIDs[n.id] = struct{}{}
		}
	}
	queries, documents, err := t.languages(ctx, job, queryIDs, documentIDs)
	if err != nil {
		return nil, nil, err
	}
	judged, err := t.judgmentsOf(ctx, job, queryIDs)
	if err != nil {
		return nil, nil, err
	}
	for _, g := range groups {
		judged.byQuery[g.query.id] = append(judged.byQuery[g.query.id], judgment{g.query.language, g.positive.language, g.positive.id, t.Grade})
	}
	drop := job.Outputs[trainingTable].Drop
	var samples []sample
	for _, g := range groups {
		found := queries.all(g.query)
		if len(found) == 0 {
			drop("triple_of_unknown_query", 1)
		}
		for _, query := range found {
			if s, ok := g.sample(query, documents, judged, drop); ok {
				samples = append(samples, s)
			}
		}
	}
	if len(samples) == 0 {
		return nil, nil, fmt.Errorf("none of %d pairs of a query and a document in %s has both among the texts: are ids, and the languages that triples name, the same there?", len(groups), from.Name)
	}
	return samples, judged, nil
}

// sample is the group's for a query in one language; false if its document is not there.
func (g *tripleGroup) sample(query textKey, documents languages, judged *judgments, drop func(string, int64)) (sample, bool) {
	s := sample{query: query, order: scramble(g.order ^ hashOf(query.language))}
	positive, ok := documents.one(g.positive, "", s.order)
	if !ok {
		drop("triple_of_unknown_document", 1)
		return s, false
	}
	s.documents = []textKey{positive}
	known := judged.in(query.language, query.id)
	for _, n := range g.negatives {
		negative, ok := documents.one(n.textKey, positive.language, n.order)
		switch {
		case !ok:
			drop("negative_of_unknown_document", 1)
		case answers(known, negative):
			drop("negative_is_relevant", 1)
		default:
			s.documents = append(s.documents, negative)
		}
	}
	return s, true
}

// answers tells whether a document is judged above 0.
func answers(judged []judgment, document textKey) bool {
	for _, j := range judged {
		if j.grade > 0 && j.names(foundDocument{language: document.language, id: document.id}) {
			return true
		}
	}
	return false
}

// judgmentsOf are the judgments of some queries, none if there is no table of them.
func (t *Train) judgmentsOf(ctx context.Context, job Job, queries map[string]struct{}) (*judgments, error) {
	from, ok := job.Table("judgments")
	if !ok {
		return &judgments{byQuery: map[string][]judgment{}}, nil
	}
	return readJudgmentsOf(ctx, from, func(query string) bool {
		_, ok := queries[query]
		return ok
	})
}

// languages are those of queries and documents with the given ids.
func (t *Train) languages(ctx context.Context, job Job, queryIDs, documentIDs map[string]struct{}) (queries, documents languages, err error) {
	from, _ := job.Table("queries")
	if queries, err = languagesOf(ctx, from, queryIDs); err != nil {
		return nil, nil, err
	}
	from, _ = job.Table("documents")
	documents, err = languagesOf(ctx, from, documentIDs)
	return queries, documents, err
}

// samplesOfJudgments pairs every query with documents that are judged relevant to it.
func (t *Train) samplesOfJudgments(ctx context.Context, job Job) ([]sample, *judgments, error) {
	from, _ := job.Table("judgments")
	judged, err := readJudgments(ctx, from)
	if err != nil {
		return nil, nil, err
	}
	ids := map[string]struct{}{}
	for _, list := range judged.byQuery {
		for _, j := range list {
			ids[j.document] = struct{}{}
		}
	}
	from, _ = job.Table("documents")
	documents, err := languagesOf(ctx, from, ids)
	if err != nil {
		return nil, nil, err
	}
	out, known := job.Outputs[trainingTable], map[string]bool{}
	var samples []sample
	queries := 0
	from, _ = job.Table("queries")
	err = eachText(ctx, from, func(query textKey, _ string) {
		query = query.clone()
		queries++
		known[query.id] = true
		relevant := t.relevant(query, documents, judged)
		if len(relevant) == 0 {
			out.Drop("query_without_relevant_document", 1)
		}
		for _, d := range relevant {
			samples = append(samples, sample{query, []textKey{d}, scramble(hashOf(query.language, query.id, d.language, d.id) ^ scramble(job.Seed))})
		}
	})
	if err != nil {
		return nil, nil, err
	}
	for query, judgments := range judged.byQuery {
		for _, j := range judgments {
			if !known[query] {
				out.Drop("judgment_of_unknown_query", 1)
			} else if len(documents[j.document]) == 0 {
				out.Drop("judgment_of_unknown_document", 1)
			}
		}
	}
	if len(samples) == 0 {
		return nil, nil, fmt.Errorf("none of %d queries has a document with a grade of %d or more among the %d judged documents that are there", queries, t.Grade, len(documents))
	}
	return samples, judged, nil
}

// relevant chooses the documents that a query learns from, evenly among those that qualify, beginning at a place that
// depends on the query's id: queries with the same judgments learn from different documents.
func (t *Train) relevant(query textKey, documents languages, judged *judgments) []textKey {
	var all []textKey
	for _, j := range judged.in(query.language, query.id) {
		if j.grade >= t.Grade {
			all = append(all, documents.all(textKey{j.documentLanguage, j.document})...)
		}
	}
	n := min(t.Positives, len(all))
	start := fnv.New32a()
	start.Write([]byte(query.id))
	chosen := make([]textKey, n)
	for i := range chosen {
		chosen[i] = all[(int(start.Sum32())+i*len(all)/n)%len(all)]
	}
	return chosen
}
