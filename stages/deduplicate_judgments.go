package stages

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// replaced are the documents or queries that were left out, with what was kept in their place. Nil if nobody asks.
type replaced struct {
	queries  bool
	window   int
	ids      []string              // of those kept last, number i at i modulo window
	by       map[languageID]string // id of what stands for one left out
	stands   map[languageID]bool   // kept, and stands for others
	language map[string]bool       // those that there are
}

type languageID struct{ language, id string }

func (d *Deduplicate) newReplaced(schema *arrow.Schema) *replaced {
	if d.Judgments == "" {
		return nil
	}
	return &replaced{queries: schema.HasField(schemas.Exclude), window: d.Window, by: map[languageID]string{}, stands: map[languageID]bool{}, language: map[string]bool{}}
}

// add takes a row, which is kept as number of, or is a duplicate of that one.
func (r *replaced) add(batch arrow.RecordBatch, row, of int, duplicate bool) {
	if r == nil {
		return
	}
	language, id := texts(batch, schemas.Language).Value(row), clone(texts(batch, schemas.ID).Value(row))
	if !r.language[language] {
		language = clone(language)
		r.language[language] = true
	}
	switch {
	case duplicate:
		kept := r.ids[of%r.window]
		language = clone(language)
		r.by[languageID{language, id}] = kept
		r.stands[languageID{language, kept}] = true
	case of < r.window:
		r.ids = append(r.ids, id)
	default:
		r.ids[of%r.window] = id
	}
}

// A judgedPair is what a judgment grades, as it stands after duplicates were left out.
type judgedPair struct{ query, document, queryLanguage, documentLanguage string }

// of returns what row i of a batch judges, and whether others may be judged in the same way: in strings of the batch.
func (r *replaced) of(batch arrow.RecordBatch, i int) (pair judgedPair, shared bool) {
	value := func(name string) string { return texts(batch, name).Value(i) } // null is empty
	pair = judgedPair{value(schemas.QueryID), value(schemas.DocumentID), value(schemas.QueryLanguage), value(schemas.DocumentLanguage)}
	id, language := &pair.document, pair.documentLanguage
	if r.queries {
		id, language = &pair.query, pair.queryLanguage
	}
	if language == "" && len(r.language) == 1 {
		for language = range r.language {
		}
	}
	if kept, ok := r.by[languageID{language, *id}]; ok {
		*id = kept
	}
	return pair, r.stands[languageID{language, *id}]
}

// judge emits judgments of what was kept. They are read twice, first for the highest grade of those that are one now.
func (r *replaced) judge(ctx context.Context, judged schemas.Table, out schemas.Output) error {
	highest := map[judgedPair]int32{}
	for batch, err := range judged.Batches(ctx) {
		if err != nil {
			return err
		}
		for i := range int(batch.NumRows()) {
			pair, shared := r.of(batch, i)
			if !shared {
				continue
			}
			grade := column[*array.Int32](batch, schemas.Grade).Value(i)
			if known, ok := highest[pair]; !ok || grade > known {
				pair = judgedPair{clone(pair.query), clone(pair.document), clone(pair.queryLanguage), clone(pair.documentLanguage)}
				highest[pair] = grade
			}
		}
	}
	b := array.NewRecordBuilder(out.Allocator, schemas.Judgments())
	defer b.Release()
	for batch, err := range judged.Batches(ctx) {
		if err != nil {
			return err
		}
		for i := range int(batch.NumRows()) {
			pair, shared := r.of(batch, i)
			grade := column[*array.Int32](batch, schemas.Grade).Value(i)
			if shared {
				grade = highest[pair]
			}
			appendText(b.Field(0), pair.query)
			appendText(b.Field(1), pair.document)
			b.Field(2).(*array.Int32Builder).Append(grade)
			appendOrNull(b.Field(3), pair.queryLanguage)
			appendOrNull(b.Field(4), pair.documentLanguage)
		}
		if err := emitBuilt(out, b); err != nil {
			return err
		}
	}
	return nil
}

// appendOrNull appends a language; an empty one is null.
func appendOrNull(b array.Builder, language string) {
	if language == "" {
		b.AppendNull()
		return
	}
	appendText(b, language)
}
