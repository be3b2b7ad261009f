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
// corrected, a row without a document is the similarity of one of those nearest to the query. A row of query -1 is a language that
// documents are in, where they are chosen by language; one without a language has the number of documents as its score.
var foundInPart = arrow.NewSchema([]arrow.Field{
	{Name: "query", Type: arrow.PrimitiveTypes.Int32},
	{Name: schemas.DocumentLanguage, Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: schemas.DocumentID, Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: schemas.Score, Type: arrow.PrimitiveTypes.Float32},
}, nil)

// candidatesInPart is foundInPart with the score by centroids of each candidate.
var candidatesInPart = arrow.NewSchema(append(foundInPart.Fields(), arrow.Field{Name: "centroids", Type: arrow.PrimitiveTypes.Float32}), nil)

// quiet is an output of which what is told of queries is told when parts are merged.
func quiet(out schemas.Output) schemas.Output {
	out.Reject = func(schemas.Rejected) error { return nil }
	out.Warn = func(string) {}
	return out
}

// A foundWriter emits what a part has found.
type foundWriter struct {
	out schemas.Output
	*array.RecordBuilder
}

func newFoundWriter(out schemas.Output, schema *arrow.Schema) foundWriter {
	return foundWriter{out, array.NewRecordBuilder(out.Allocator, schema)}
}

// languages adds the languages that there are.
func (w foundWriter) languages(there map[string]bool) error {
	for _, language := range slices.Sorted(maps.Keys(there)) {
		if err := w.add(-1, retrieve.Candidate{}, language); err != nil {
			return err
		}
	}
	return nil
}

// add adds scores; who are language and id of what has them, as far as there are any.
func (w foundWriter) add(query int, c retrieve.Candidate, who ...string) error {
	w.Field(0).(*array.Int32Builder).Append(int32(query))
	for i := range 2 {
		if i < len(who) {
			appendText(w.Field(1+i), who[i])
		} else {
			w.Field(1 + i).AppendNull()
		}
	}
	w.Field(3).(*array.Float32Builder).Append(c.Score)
	if len(w.Fields()) > 4 {
		w.Field(4).(*array.Float32Builder).Append(c.Centroids)
	}
	if w.Field(0).Len() < 100_000 {
		return nil
	}
	return w.emit()
}

func (w foundWriter) emit() error { return emitBuilt(w.out, w.RecordBuilder) }

// readFound reads what all parts have found: hit is told of documents, and near, if there are any, of similarities that have none.
// It returns the number of documents, if parts tell it, and an error if one of languages is not among theirs.
func readFound(ctx context.Context, job Job, languages []string, hit func(query int, c retrieve.Candidate), near func(query int, similarity float32)) (documents int64, err error) {
	parts, _ := job.Table(Part)
	there := map[string]bool{}
	var seen int64
	for batch, err := range parts.Batches(ctx) {
		if err != nil {
			return 0, err
		}
		queries, scores := column[*array.Int32](batch, "query").Int32Values(), column[*array.Float32](batch, schemas.Score).Float32Values()
		language, id := texts(batch, schemas.DocumentLanguage), texts(batch, schemas.DocumentID)
		var centroids []float32
		if batch.NumCols() > 4 {
			centroids = column[*array.Float32](batch, "centroids").Float32Values()
		}
		for i, query := range queries {
			switch {
			case query < 0 && language.IsNull(i):
				documents += int64(scores[i])
			case query < 0:
				there[clone(language.Value(i))] = true
			case id.IsNull(i):
				near(int(query), scores[i])
			default:
				c := retrieve.Candidate{Hit: retrieve.Hit{Document: retrieve.Document{Language: language.Value(i), ID: id.Value(i)}, Score: scores[i]}}
				if centroids != nil {
					c.Centroids = centroids[i]
				}
				hit(int(query), c)
			}
		}
		seen += batch.NumRows()
		job.Progress(seen, parts.Rows, "hits to merge")
	}
	of, _ := job.Table("documents")
	return documents, nothingIn(of.Name, languages, there)
}
