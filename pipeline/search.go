package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sources"
	"github.com/ferry-clir/ferry/stages"
)

// SearchOptions say what is searched, and by what.
type SearchOptions struct {
	Vectors string // Parquet of vectors or token vectors, as the sink parquet writes what embed makes; globs are allowed
	Texts   string // Parquet of the documents or their passages, for their texts; may be empty
	Model   string // folder or hf://owner/name of the model that embeds questions
	Prefix  string // put before every question
	Top     int
	Offline bool
}

// A Searcher answers questions from embedded documents.
type Searcher struct {
	options   SearchOptions
	model     *model.Model
	documents *stages.Collection
	texts     map[[2]string]string // by language and id
}

// An Answer is a document that was found.
type Answer struct {
	Language, ID string
	Score        float32
	Text         string // empty if it is not known
}

// OpenSearcher reads the documents, which are held in memory.
func OpenSearcher(ctx context.Context, o SearchOptions) (*Searcher, error) {
	if o.Top < 1 {
		return nil, fmt.Errorf("top: should be at least 1, is %d", o.Top)
	}
	s := &Searcher{options: o, texts: map[[2]string]string{}}
	err := readOwn(ctx, o.Vectors, []string{"vectors", "token_vectors"}, func(batch arrow.RecordBatch) {
		if s.documents == nil {
			s.documents = stages.NewCollection(batch.Schema())
		}
		s.documents.Add(batch)
	})
	switch {
	case err != nil:
		return nil, err
	case s.documents == nil:
		return nil, fmt.Errorf("%s has no rows", o.Vectors)
	}
	if o.Texts != "" {
		if err := readOwn(ctx, o.Texts, []string{"passages", "documents"}, s.addTexts); err != nil {
			return nil, err
		}
	}
	if s.model, err = openPretrained(ctx, o.Model, o.Offline); err != nil {
		return nil, err
	}
	return s, s.documents.Index(ctx)
}

// addTexts takes the texts of a batch of documents; of passages, that of each document's first.
func (s *Searcher) addTexts(batch arrow.RecordBatch) {
	value := func(name string, row int) string {
		return strings.Clone(batch.Column(batch.Schema().FieldIndices(name)[0]).(*array.String).Value(row))
	}
	id := schemas.ID
	if batch.Schema().HasField(schemas.DocumentID) {
		id = schemas.DocumentID
	}
	for i := range int(batch.NumRows()) {
		document := [2]string{value(schemas.Language, i), value(id, i)}
		if _, there := s.texts[document]; !there {
			s.texts[document] = value(schemas.Text, i)
		}
	}
}

// Ask returns the best documents for a question, the best first.
func (s *Searcher) Ask(ctx context.Context, question string) ([]Answer, error) {
	hits, err := s.documents.Ask(ctx, s.model, question, s.options.Prefix, s.options.Top)
	var answers []Answer
	for _, h := range hits {
		answers = append(answers, Answer{h.Language, h.ID, h.Score, s.texts[[2]string{h.Language, h.ID}]})
	}
	return answers, err
}

// readOwn reads Parquet files as the first of these tables that they can be.
func readOwn(ctx context.Context, path string, tables []string, each func(arrow.RecordBatch)) error {
	var problem error
	for _, table := range tables {
		p := sources.NewParquet()
		p.Path, p.Table = []schemas.Path{schemas.Path(path)}, table
		if _, err := p.Files(); err != nil {
			return err
		}
		if found := p.Validate(); len(found) > 0 {
			problem = errors.Join(problem, fmt.Errorf("%s, as %s: %w", path, table, found[0]))
			continue
		}
		return p.Read(ctx, table, schemas.Output{
			Allocator: memory.DefaultAllocator, Workers: runtime.GOMAXPROCS(0),
			Emit: func(batch arrow.RecordBatch) error { each(batch); return nil },
			Drop: func(string, int64) {},
			Reject: func(r schemas.Rejected) error {
				return fmt.Errorf("%s: row %d: %s: %s", r.Path, r.Line, r.Reason, r.Detail)
			},
		})
	}
	return problem
}
