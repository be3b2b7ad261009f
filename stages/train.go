package stages

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// Train makes a retriever of an encoder: it learns to place a query near the documents that are judged relevant to it, and away
// from the others of its batch. Trained on one language, it is the teacher for distill.
type Train struct {
	// Model is where training starts.
	Model schemas.ModelRef `yaml:"model" ferry:"required"`
	// Queries names a table of queries.
	Queries schemas.TableRef `yaml:"queries" ferry:"required"`
	// Documents names a table of documents.
	Documents schemas.TableRef `yaml:"documents" ferry:"required"`
	// Judgments names a table of judgments.
	Judgments schemas.TableRef `yaml:"judgments" ferry:"required"`
	// Grade is the smallest grade that makes a document one to learn from.
	Grade int32 `yaml:"grade"`
	// Positives is the number of documents to learn from for each query, spread evenly over those that qualify.
	Positives int `yaml:"positives"`
	// QueryPrefix is put before every query.
	QueryPrefix string `yaml:"query_prefix"`
	// DocumentPrefix is put before every document.
	DocumentPrefix string `yaml:"document_prefix"`
	// MaxTokens is the longest input, special tokens included; what is longer is cut. 0 means as long as the model allows.
	MaxTokens int `yaml:"max_tokens"`
	Training
}

// NewTrain returns a Train with its defaults.
func NewTrain() *Train { return &Train{Grade: 1, Positives: 1, Training: newTraining()} }

// Validate checks the keys.
func (t *Train) Validate() []schemas.Mistake {
	found := t.Training.Validate()
	if t.Positives < 1 {
		found = append(found, schemas.Mistake{Key: "positives", Problem: fmt.Sprintf("should be at least 1, is %d", t.Positives)})
	}
	if t.MaxTokens < 0 {
		found = append(found, schemas.Mistake{Key: "max_tokens", Problem: fmt.Sprintf("should be at least 1, is %d", t.MaxTokens)})
	}
	return found
}

// TrainsOn names the keys of what is learned from, and of the queries that the weights are chosen by.
func (t *Train) TrainsOn() []string { return []string{"queries", "documents", DevQueries} }

// Outputs is the model, trained, and the training table.
func (t *Train) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lacks("queries", in.Schema("queries"), "queries", schemas.Language, schemas.ID, schemas.Text)
	found = append(found, lacks("documents", in.Schema("documents"), "documents", schemas.Language, schemas.ID, schemas.Text)...)
	found = append(found, lacks("judgments", in.Schema("judgments"), "judgments", schemas.QueryID, schemas.DocumentID, schemas.Grade)...)
	found = append(found, t.Dev.lacks(in)...)
	info, ok := in.Models["model"]
	if ok && t.MaxTokens > info.Config.MaxTokens() {
		found = append(found, schemas.Mistake{Key: "max_tokens", Problem: fmt.Sprintf("the model takes at most %d tokens, not %d", info.Config.MaxTokens(), t.MaxTokens)})
	}
	return Outputs{Tables: []schemas.TableType{{Name: trainingTable, Schema: schemas.Training(train.ContrastiveLoss)}}, Model: &info}, found
}

// Run trains. The token ids of all queries and documents are held in memory, 4 bytes each.
func (t *Train) Run(ctx context.Context, job Job) (*model.Model, error) {
	m := job.Models["model"]
	c := train.NewContrastive()
	c.Temperature = t.Temperature
	if err := t.read(ctx, job, &c); err != nil {
		return nil, err
	}
	return t.run(ctx, job, m, nil, c, []string{train.ContrastiveLoss})
}

// read pairs every query with documents that are judged relevant to it.
func (t *Train) read(ctx context.Context, job Job, c *train.Contrastive) error {
	queries, err := t.encode(ctx, job, "queries", t.QueryPrefix)
	if err != nil {
		return err
	}
	documents, err := t.encode(ctx, job, "documents", t.DocumentPrefix)
	if err != nil {
		return err
	}
	from, _ := job.Table("judgments")
	judged, err := readJudgments(ctx, from)
	if err != nil {
		return err
	}
	byID := map[string][]tokenizedText{}
	for _, d := range documents {
		byID[d.id] = append(byID[d.id], d)
	}
	out := job.Outputs[trainingTable]
	known := map[string]bool{}
	for _, q := range queries {
		known[q.id] = true
		relevant := t.relevant(q, byID, judged)
		if len(relevant) == 0 {
			out.Drop("query_without_relevant_document", 1)
		}
		for _, d := range relevant {
			appendSequence(&c.Queries, q.ids)
			appendSequence(&c.Documents, d.ids)
		}
	}
	for query, judgments := range judged.byQuery {
		for _, j := range judgments {
			if !known[query] {
				out.Drop("judgment_of_unknown_query", 1)
			} else if len(byID[j.document]) == 0 {
				out.Drop("judgment_of_unknown_document", 1)
			}
		}
	}
	if c.Queries.Sequences() == 0 {
		return fmt.Errorf("none of %d queries has a document with a grade of %d or more among %d documents", len(queries), t.Grade, len(documents))
	}
	return nil
}

// relevant chooses the documents that a query learns from, evenly among those that qualify, beginning at a place that
// depends on the query's id: queries with the same judgments learn from different documents.
func (t *Train) relevant(q tokenizedText, documents map[string][]tokenizedText, judged *judgments) []tokenizedText {
	var all []tokenizedText
	for _, j := range judged.byQuery[q.id] {
		if j.grade < t.Grade || j.queryLanguage != "" && j.queryLanguage != q.language {
			continue
		}
		for _, d := range documents[j.document] {
			if j.documentLanguage == "" || j.documentLanguage == d.language {
				all = append(all, d)
			}
		}
	}
	n := min(t.Positives, len(all))
	start := fnv.New32a()
	start.Write([]byte(q.id))
	chosen := make([]tokenizedText, n)
	for i := range chosen {
		chosen[i] = all[(int(start.Sum32())+i*len(all)/n)%len(all)]
	}
	return chosen
}

// A tokenizedText is a query or document.
type tokenizedText struct {
	language, id string
	ids          []int32
}

// encode tokenizes a table.
func (t *Train) encode(ctx context.Context, job Job, key, prefix string) ([]tokenizedText, error) {
	from, _ := job.Table(key)
	m := job.Models["model"]
	longest := m.MaxTokens
	if t.MaxTokens > 0 {
		longest = t.MaxTokens
	}
	var all []tokenizedText
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		language, id, text := texts(batch, schemas.Language), texts(batch, schemas.ID), texts(batch, schemas.Text)
		for i := range int(batch.NumRows()) {
			ids, _ := m.Tokenizer.EncodeTruncated(nil, prefix+text.Value(i), longest)
			all = append(all, tokenizedText{language: clone(language.Value(i)), id: clone(id.Value(i)), ids: ids})
		}
	}
	return all, nil
}
