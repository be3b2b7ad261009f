package stages

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// Align makes bitext of texts that nobody translated or aligned, where there are texts about the same things in both languages:
// a search finds each one's neighbours in the other language, and those become a pair that are nearer to each other than to
// their other neighbours (the ratio margin of Artetxe and Schwenk 2019). What a task's users write, in two languages, so
// becomes bitext of that task.
type Align struct {
	// Sources names the texts in the source language: a table of documents or queries.
	Sources schemas.TableRef `yaml:"sources" ferry:"required"`
	// Targets names the texts in the target languages.
	Targets schemas.TableRef `yaml:"targets" ferry:"required"`
	// Hits names two tables of hits: those of the targets among the sources and of the sources among the targets. Where these
	// are in several languages, the second search needs a `top` that reaches neighbours in each.
	Hits []schemas.TableRef `yaml:"hits" ferry:"required"`
	// Neighbours is the number of a text's neighbours that a pair is measured by.
	Neighbours int `yaml:"neighbours"`
	// Margin is how many times as near as their neighbours two texts must be to become a pair. Higher is surer, and fewer.
	Margin float64 `yaml:"margin"`
}

// NewAlign returns an Align with its defaults.
func NewAlign() *Align { return &Align{Neighbours: 4, Margin: 1.03} }

// Validate checks the keys.
func (a *Align) Validate() []schemas.Mistake {
	var found mistakes
	found.when(a.Neighbours < 1, "neighbours", "at least 1", a.Neighbours)
	found.when(a.Margin < 0, "margin", "at least 0", a.Margin)
	found.when(len(a.Hits) != 2, "hits", "two tables", len(a.Hits))
	return found
}

// Outputs is a table of pairs.
func (a *Align) Outputs(in Types) (Outputs, []schemas.Mistake) {
	var found []schemas.Mistake
	for _, key := range []string{"sources", "targets"} {
		found = append(found, lacks(key, in.Schema(key), "documents or queries", schemas.Language, schemas.ID, schemas.Text)...)
	}
	for _, t := range in.Tables["hits"] {
		found = append(found, lacks("hits", t.Schema, "hits", schemas.QueryLanguage, schemas.DocumentLanguage, schemas.Score)...)
	}
	return Outputs{Tables: []schemas.TableType{{Name: "pairs", Schema: schemas.Pairs()}}}, found
}

// Run aligns. Texts and hits are held in memory. Pairs come with the largest margin first, by the id of their target.
func (a *Align) Run(ctx context.Context, job Job) (*model.Model, error) {
	sources, err := textsByID(ctx, job, "sources")
	if err != nil {
		return nil, err
	}
	targets, err := textsByID(ctx, job, "targets")
	if err != nil {
		return nil, err
	}
	among := map[bool]retrieve.Neighbours{false: {}, true: {}} // the sources, or the targets
	for _, from := range job.Tables["hits"] {
		run, err := readHits(ctx, from)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", from.Name, err)
		}
		for language, queries := range run.byQuery {
			for id, hits := range queries {
				query := retrieve.Document{Language: language, ID: id}
				_, isSource := sources[query]
				if _, isTarget := targets[query]; isSource == isTarget {
					return nil, fmt.Errorf("%s has hits of %s:%s, which is neither a source nor a target alone", from.Name, language, id)
				}
				among[isSource][query] = retrieveHits(hits)
			}
		}
	}
	aligned := retrieve.Align(among[false], among[true], a.Neighbours, a.Margin)
	out := job.Outputs["pairs"]
	out.Drop("target_without_source", int64(len(targets)-len(aligned)))
	b := array.NewRecordBuilder(out.Allocator, schemas.Pairs())
	defer b.Release()
	for _, pair := range aligned {
		source, ok := sources[pair.Source]
		target, known := targets[pair.Target]
		if !ok || !known {
			return nil, fmt.Errorf("the hits pair %s:%s with %s:%s, of which a text is missing", pair.Source.Language, pair.Source.ID, pair.Target.Language, pair.Target.ID)
		}
		for field, value := range []string{pair.Target.ID, pair.Source.Language, pair.Target.Language, source, target, pair.Source.Language + ":" + pair.Source.ID} {
			appendText(b.Field(field), value)
		}
	}
	return nil, emitBuilt(out, b)
}

// textsByID are the texts of a table.
func textsByID(ctx context.Context, job Job, key string) (map[retrieve.Document]string, error) {
	all := map[retrieve.Document]string{}
	err := eachBatch(ctx, job, key, func(batch arrow.RecordBatch) error {
		rows, _ := appendRows(nil, nil, batch)
		for i, row := range rows {
			all[row] = clone(texts(batch, schemas.Text).Value(i))
		}
		return nil
	})
	return all, err
}
