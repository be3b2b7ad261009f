package stages

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/schemas"
)

// BM25 finds each query's best documents by the words that they share: the lexical baseline. Words are those
// of UAX #29 (of which "Warsaw's" is one), compared in lower case; in scripts without spaces pairs of characters are. Across languages only names, numbers and loans agree, so it is
// for queries that were translated, or for searching in one language. Documents that a query excludes are not returned,
// nor are those that share nothing with it.
type BM25 struct {
	// Queries names a table of queries.
	Queries schemas.TableRef `yaml:"queries" ferry:"required"`
	// Documents names a table of documents.
	Documents schemas.TableRef `yaml:"documents" ferry:"required"`
	// Model is one whose tokenizer cuts texts into pieces, which are compared in place of words.
	Model schemas.ModelRef `yaml:"model"`
	// Top is the number of documents to return for each query.
	Top int `yaml:"top"`
	// Title says whether a document's title is part of its text.
	Title bool `yaml:"title"`
	Languages
	// K1 is how much a word's further occurrences count: 0 for not at all.
	K1 float64 `yaml:"k1"`
	// B is how much a document's length counts, from 0 to 1.
	B float64 `yaml:"b"`
}

// NewBM25 returns a BM25 with its defaults, Anserini's: k1 0.9, b 0.4.
func NewBM25() *BM25 {
	return &BM25{Top: 100, Languages: Languages{Languages: languagesAny}, K1: 0.9, B: 0.4}
}

// Validate checks the keys.
func (s *BM25) Validate() []schemas.Mistake {
	found := mistakes(s.Languages.mistakes())
	found.when(s.Top < 1, "top", "at least 1", s.Top)
	found.when(s.K1 < 0, "k1", "at least 0", s.K1)
	found.when(s.B < 0 || s.B > 1, "b", "between 0 and 1", s.B)
	return found
}

// Outputs is a table of hits.
func (s *BM25) Outputs(in Types) (Outputs, []schemas.Mistake) {
	documents := in.Schema("documents")
	found := lacks("queries", in.Schema("queries"), "queries", schemas.Language, schemas.ID, schemas.Text)
	found = append(found, lacks("documents", documents, "documents", schemas.Language, schemas.ID, schemas.Text)...)
	if documents != nil && s.Title && !documents.HasField(schemas.Title) {
		found = append(found, schemas.Mistake{Key: "title", Problem: "the table has no titles"})
	}
	return Outputs{Tables: []schemas.TableType{{Name: "hits", Schema: schemas.Hits()}}}, found
}

// Run searches. The queries are held in memory, the documents pass by twice.
func (s *BM25) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("queries")
	documents, _ := job.Table("documents")
	allocator := job.Outputs["hits"].Allocator
	from, documents = inLanguages(from, s.QueryLanguages, allocator), inLanguages(documents, s.DocumentLanguages, allocator)
	t := terms{numbers: map[string]int32{}, learning: true}
	if m := job.Models["model"]; m != nil {
		t.pieces = m
	}
	var q textRows
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		q.add(batch, false, &t)
	}
	t.learning = false
	search, err := retrieve.NewBM25(q.terms, t.count(), s.K1, s.B, s.Top, s.exclude(q.rows, q.exclude))
	if err != nil {
		return nil, err
	}
	if documents.Schema.HasField(schemas.DocumentID) {
		search.JoinPassages()
	}
	var seen int64
	each := func(do func(*textRows) error) error {
		for batch, err := range documents.Batches(ctx) {
			if err != nil {
				return err
			}
			var rows textRows
			rows.add(batch, s.Title, &t)
			if err := do(&rows); err != nil {
				return err
			}
			seen += batch.NumRows()
			job.Progress(seen, 2*documents.Rows, "documents")
		}
		return nil
	}
	err = each(func(rows *textRows) error {
		for _, terms := range rows.terms {
			search.Count(terms)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = each(func(rows *textRows) error { return search.Add(ctx, rows.rows, rows.terms, job.Workers) })
	if err != nil {
		return nil, err
	}
	return nil, emitHits(job.Outputs["hits"], q.rows, search.Results())
}

// textRows are rows of a table of texts, by their terms.
type textRows struct {
	rows    []retrieve.Document
	terms   [][]int32
	exclude [][]string
}

// add adds the rows of a batch.
func (r *textRows) add(batch arrow.RecordBatch, title bool, t *terms) {
	r.rows, r.exclude = appendRows(r.rows, r.exclude, batch)
	for i := range int(batch.NumRows()) {
		r.terms = append(r.terms, t.of(titledText(batch, i, title)))
	}
}

// terms numbers what texts are compared by.
type terms struct {
	pieces   *model.Model     // whose tokenizer's pieces are the terms; nil for words
	numbers  map[string]int32 // of the queries' words
	learning bool             // whether a new word gets a number
}

// count is one more than the highest number.
func (t *terms) count() int {
	if t.pieces != nil {
		return t.pieces.Tokenizer.VocabularySize()
	}
	return len(t.numbers)
}

// of returns the terms of a text; -1 for words that no query has.
func (t *terms) of(s string) []int32 {
	if t.pieces != nil {
		ids := t.pieces.Tokenizer.Encode(nil, s)
		return slices.DeleteFunc(ids, t.pieces.Tokenizer.IsSpecial)
	}
	var all []int32
	for word := range text.Terms(s) {
		number, ok := t.numbers[word]
		switch {
		case ok:
		case t.learning:
			number = int32(len(t.numbers))
			t.numbers[clone(word)] = number
		default:
			number = -1
		}
		all = append(all, number)
	}
	return all
}
