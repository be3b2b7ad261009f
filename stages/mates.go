package stages

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Mates makes a retrieval collection of pairs, for languages that have no other: the source texts are the documents, the target
// texts the queries, and the one document to find for a query is what it translates (its mate). R@1 is then how often
// that is the nearest of all source texts.
//
// Pairs of one id and source language share a document, so that files of aligned ids, as those of TICO-19 are, make one
// collection for all target languages. Take pairs that nothing was trained on, neither side.
type Mates struct {
	// From names a table of pairs.
	From schemas.TableRef `yaml:"from" ferry:"required"`
}

// NewMates returns a Mates.
func NewMates() *Mates { return &Mates{} }

var mateTables = []schemas.TableType{
	{Name: "documents", Schema: schemas.Documents()}, {Name: "queries", Schema: schemas.Queries()}, {Name: "judgments", Schema: schemas.Judgments()},
}

// Outputs are documents, queries and judgments.
func (m *Mates) Outputs(in Types) (Outputs, []schemas.Mistake) {
	return Outputs{Tables: mateTables}, lacks("from", in.Schema("from"), "pairs", schemas.SourceLanguage, schemas.TargetLanguage, schemas.SourceText, schemas.TargetText)
}

// Run makes the collection. The ids of documents and queries are held in memory.
func (m *Mates) Run(ctx context.Context, job Job) (*model.Model, error) {
	b := map[string]*array.RecordBuilder{}
	for _, t := range mateTables {
		b[t.Name] = array.NewRecordBuilder(job.Outputs[t.Name].Allocator, t.Schema)
		defer b[t.Name].Release()
	}
	documents, queries := map[languageID]bool{}, map[languageID]bool{}
	return nil, eachBatch(ctx, job, "from", func(batch arrow.RecordBatch) error {
		for i := range int(batch.NumRows()) {
			value := func(name string) string { return texts(batch, name).Value(i) }
			id := clone(value(schemas.ID))
			source, target := languageID{clone(value(schemas.SourceLanguage)), id}, languageID{clone(value(schemas.TargetLanguage)), id}
			if queries[target] {
				job.Outputs["queries"].Drop("duplicate_id", 1)
				continue
			}
			queries[target] = true
			appendMate(b["queries"], b["judgments"], target, source, value(schemas.TargetText))
			if !documents[source] {
				documents[source] = true
				for field, value := range []string{source.language, id, "", value(schemas.SourceText)} {
					appendText(b["documents"].Field(field), value)
				}
			}
		}
		for _, t := range mateTables {
			if err := emitBuilt(job.Outputs[t.Name], b[t.Name]); err != nil {
				return err
			}
		}
		return nil
	})
}

// appendMate adds a query and the judgment of its mate.
func appendMate(queries, judgments *array.RecordBuilder, query, mate languageID, text string) {
	for field, value := range []string{query.language, query.id, text} {
		appendText(queries.Field(field), value)
	}
	appendTexts(queries.Field(3), nil)
	appendText(judgments.Field(0), query.id)
	appendText(judgments.Field(1), mate.id)
	judgments.Field(2).(*array.Int32Builder).Append(1)
	appendText(judgments.Field(3), query.language)
	appendText(judgments.Field(4), mate.language)
}
