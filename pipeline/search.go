package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/pipeline/host"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sources"
	"github.com/ferry-clir/ferry/sources/mapped"
	"github.com/ferry-clir/ferry/stages"
)

// SearchOptions say what is searched, and by what.
type SearchOptions struct {
	Vectors string // Parquet of vectors, token vectors or compressed ones, as the sink parquet writes what embed or compress makes; globs are allowed
	Codec   string // Parquet of the codec of compressed ones; if empty, codec.parquet beside them
	Texts   string // Parquet of the documents or their passages, for their texts; may be empty
	Model   string // folder or hf://owner/name of the model that embeds questions
	Prefix  string // put before every question
	// DocumentLanguages are those of the documents to search in; all that there are if there are none.
	DocumentLanguages []string
	Top               int // at least 1
	Offline           bool
	Memory            Size // that reading the documents may take; if 0, nearly all that there is
}

// A Searcher answers questions from embedded documents.
type Searcher struct {
	options   SearchOptions
	model     *model.Model
	documents *stages.Collection
	lineage   []string             // of their vectors, as schemas.Lineage has it
	prefix    string               // before their texts
	texts     map[[2]string]string // by language and id
}

// An Answer is a document that was found.
type Answer struct {
	Language, ID string
	Score        float32
	Text         string // empty if it is not known
}

// OpenSearcher reads the documents, which are held in memory; of compressed ones only what is asked for.
func OpenSearcher(ctx context.Context, o SearchOptions) (*Searcher, error) {
	s, room := &Searcher{options: o, texts: map[[2]string]string{}}, o.room()
	defer host.LimitMemory(room.bytes / 10 * 9)()
	err := readOwn(ctx, o.Vectors, []string{"vectors", "token_vectors", "compressed"}, func(batch arrow.RecordBatch) (err error) {
		if s.documents == nil {
			s.lineage, s.prefix = schemas.Lineage(batch.Schema()), schemas.PrefixOf(batch.Schema())
			if s.documents, err = o.collection(ctx, batch.Schema()); err != nil {
				return err
			}
			s.documents.DocumentLanguages = o.DocumentLanguages
		}
		if err := s.documents.Add(batch); err != nil {
			return err
		}
		return room.take(batch.NumRows())
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
	if schemas.Strangers(s.lineage, s.model.Lineage()) {
		return nil, fmt.Errorf("%s was embedded by another model, and neither it nor %s learned from the other, so that their vectors mean different things; name the model that embedded it, or one that was trained or distilled from that",
			o.Vectors, o.Model)
	}
	if err := s.documents.Index(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Vectors, err)
	}
	return s, nil
}

// Warning says what makes answers worse than they could be; empty if nothing is known to.
func (s *Searcher) Warning() string {
	if s.prefix == "" || s.options.Prefix != "" {
		return ""
	}
	return fmt.Sprintf("the texts of %s were embedded with %q before them, and the question has no prefix: give it the model's own for queries, such as --prefix 'query: '", s.options.Vectors, s.prefix)
}

// collection is an empty one of that schema.
func (o SearchOptions) collection(ctx context.Context, schema *arrow.Schema) (*stages.Collection, error) {
	if !schema.HasField(schemas.CodecName) {
		if o.Codec != "" {
			return nil, fmt.Errorf("%s has vectors that are not compressed: they have no codec, and --codec should be left out", o.Vectors)
		}
		return stages.NewCollection(schema), nil
	}
	path := o.Codec
	if path == "" {
		path = o.Vectors[:strings.LastIndexAny(o.Vectors, `/\`)+1] + "codec.parquet"
	}
	codec := schemas.Table{Name: path}
	var batches []arrow.RecordBatch
	err := readOwn(ctx, path, []string{"codec"}, func(batch arrow.RecordBatch) error {
		batch.Retain()
		codec.Schema, batches = batch.Schema(), append(batches, batch)
		return nil
	})
	if err == nil && len(batches) == 0 {
		err = fmt.Errorf("%s has no rows", path)
	}
	if err != nil {
		return nil, fmt.Errorf("these vectors are compressed, and their codec is missing, which a sink parquet writes: %w; --codec names its file", err)
	}
	codec.Batches = func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for _, batch := range batches {
				if !yield(batch, nil) {
					return
				}
			}
		}
	}
	return stages.NewCompressedCollection(ctx, schema, codec, func() (stages.Scratch, error) { return mapped.NewScratch() })
}

// addTexts takes the texts of a batch of documents; of passages, that of each document's first.
func (s *Searcher) addTexts(batch arrow.RecordBatch) error {
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
	return nil
}

// Ask returns the best documents for a question, the best first. A question without a word, or that is not UTF-8, is an error.
func (s *Searcher) Ask(ctx context.Context, question string) ([]Answer, error) {
	if strings.TrimSpace(question) == "" || !utf8.ValidString(question) {
		return nil, fmt.Errorf("the question %q is blank or not UTF-8", question)
	}
	hits, err := s.documents.Ask(ctx, s.model, question, s.options.Prefix, s.options.Top)
	var answers []Answer
	for _, h := range hits {
		answers = append(answers, Answer{h.Language, h.ID, h.Score, s.texts[[2]string{h.Language, h.ID}]})
	}
	return answers, err
}

// readOwn reads Parquet files as the first of these tables that they can be. The error is of the first table alone: those who
// named another file care for neither.
func readOwn(ctx context.Context, path string, tables []string, each func(arrow.RecordBatch) error) error {
	var problem error
	for _, table := range tables {
		p := sources.NewParquet()
		p.Path, p.Table = []schemas.Path{schemas.Path(path)}, table
		if _, err := p.Files(); err != nil {
			return err
		}
		if found := p.Validate(); len(found) > 0 && found[0].Key == "path" {
			return errors.New(found[0].Problem)
		} else if len(found) > 0 {
			if problem == nil {
				problem = fmt.Errorf("%s is no file of %s: %s", path, strings.Join(tables, ", or of "), found[0].Problem)
			}
			continue
		}
		return p.Read(ctx, table, schemas.Output{
			Allocator: memory.DefaultAllocator, Workers: runtime.GOMAXPROCS(0),
			Emit: each,
			Drop: func(string, int64) {},
			Reject: func(r schemas.Rejected) error {
				return fmt.Errorf("%s: row %d: %s: %s", r.Path, r.Line, r.Reason, r.Detail)
			},
		})
	}
	return problem
}
