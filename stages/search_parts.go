package stages

import (
	"context"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// foundInPart is what a part of a search has found: hits of queries, by row of those that are searched for. Where hubs are
// corrected, a row without a document is the similarity of one of those nearest to the query; and where documents are chosen by
// language, a row of query -1 is a language that there is.
var foundInPart = arrow.NewSchema([]arrow.Field{
	{Name: "query", Type: arrow.PrimitiveTypes.Int32},
	{Name: schemas.DocumentLanguage, Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: schemas.DocumentID, Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: schemas.Score, Type: arrow.PrimitiveTypes.Float32},
}, nil)

// Parts say how parts of the documents are searched. What is taken off vectors must be known without all of them.
func (s *Search) Parts() *Parts {
	if s.Centre != centreNone && len(s.Means) == 0 {
		return nil
	}
	return &Parts{Of: "documents", Schema: foundInPart, Rows: rowsWorthSearching, Make: s.makePart, Merge: s.merge}
}

// rowsWorthSearching is such that a part takes hardly more than its share of a search in one piece. Among the first documents of a
// part all are the best so far, and only later ones can be passed over by their rounded vectors; token vectors are all compared.
func rowsWorthSearching(documents *arrow.Schema) int64 {
	if isTokenVectors(documents) {
		return 1 << 12
	}
	return 1 << 17
}

// quiet is an output of which what is told of queries is told when parts are merged.
func quiet(out schemas.Output) schemas.Output {
	out.Reject = func(schemas.Rejected) error { return nil }
	out.Warn = func(string) {}
	return out
}

func (s *Search) makePart(ctx context.Context, job Job) error {
	out, there := quiet(job.Outputs[Part]), map[string]bool{}
	documents, _ := job.Table("documents")
	_, found, err := s.find(ctx, job, out, inAnyOf(documents, s.DocumentLanguages, out.Allocator, there))
	if err != nil {
		return err
	}
	b := array.NewRecordBuilder(out.Allocator, foundInPart)
	defer b.Release()
	add := func(query int, score float32, who ...string) { // language and id of a document
		b.Field(0).(*array.Int32Builder).Append(int32(query))
		for i := range 2 {
			if i < len(who) {
				appendText(b.Field(1+i), who[i])
			} else {
				b.Field(1 + i).AppendNull()
			}
		}
		b.Field(3).(*array.Float32Builder).Append(score)
	}
	for _, language := range slices.Sorted(maps.Keys(there)) {
		add(-1, 0, language)
	}
	all, nearest := found.Partial()
	for query, hits := range all {
		for _, h := range hits {
			add(query, h.Score, h.Language, h.ID)
		}
		if nearest != nil {
			for _, similarity := range nearest[query] {
				add(query, similarity)
			}
		}
		if query%1000 == 999 {
			if err := emitBuilt(out, b); err != nil {
				return err
			}
		}
	}
	return emitBuilt(out, b)
}

func (s *Search) merge(ctx context.Context, job Job) error {
	out := job.Outputs["hits"]
	from, _ := job.Table("queries")
	documents, _ := job.Table("documents")
	parts, _ := job.Table(Part)
	q, err := gatherQueries(ctx, inLanguages(from, s.QueryLanguages, out.Allocator), out)
	if err != nil {
		return err
	}
	found, there := retrieve.NewMerge(len(q.rows), s.Top, s.CSLS), map[string]bool{}
	if documents.Schema.HasField(schemas.DocumentID) {
		found.JoinPassages()
	}
	var seen int64
	for batch, err := range parts.Batches(ctx) {
		if err != nil {
			return err
		}
		queries, scores := column[*array.Int32](batch, "query").Int32Values(), column[*array.Float32](batch, schemas.Score).Float32Values()
		languages, ids := texts(batch, schemas.DocumentLanguage), texts(batch, schemas.DocumentID)
		for i, query := range queries {
			switch {
			case query < 0:
				there[clone(languages.Value(i))] = true
			case ids.IsNull(i):
				found.Near(int(query), scores[i])
			default:
				found.Add(int(query), retrieve.Hit{Document: retrieve.Document{Language: languages.Value(i), ID: ids.Value(i)}, Score: scores[i]})
			}
		}
		seen += batch.NumRows()
		job.Progress(seen, parts.Rows, "hits to merge")
	}
	if err := nothingIn(documents.Name, s.DocumentLanguages, there); err != nil {
		return err
	}
	return emitHits(out, q.rows, found.Results())
}
