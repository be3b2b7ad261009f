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

// Search finds each query's best documents by comparing it with all of them: exact search. Vectors are compared by dot product,
// token vectors by MaxSim, the mean over the query's tokens of the best match among the document's. Queries of all
// languages search in documents of all languages. Documents that a query excludes are not returned. Where documents were
// cut by chunk, a document scores as its best passage does (MaxP).
type Search struct {
	// Queries names a table of vectors or token vectors.
	Queries schemas.TableRef `yaml:"queries" ferry:"required"`
	// Documents names a table of the same kind.
	Documents schemas.TableRef `yaml:"documents" ferry:"required"`
	// Top is the number of documents to return for each query.
	Top int `yaml:"top"`
	Languages
	Centring
	// CSLS is, above 0, the number of neighbours by which hubs are corrected, documents that are near every query (Conneau et
	// al. 2018; 10 there). A score is then twice the similarity, less the mean similarity of the query with its nearest
	// documents, less that of the document with its nearest queries: those of the table that are in the language of the query
	// in question. Neighbours may be excluded documents.
	CSLS int `yaml:"csls"`
}

// NewSearch returns a Search with its defaults.
func NewSearch() *Search {
	return &Search{Top: 100, Languages: Languages{Languages: languagesAny}, Centring: Centring{Centre: centreNone}}
}

// Validate checks the keys.
func (s *Search) Validate() []schemas.Mistake {
	found := mistakes(append(s.Languages.mistakes(), s.Centring.mistakes()...))
	found.when(s.Top < 1, "top", "at least 1", s.Top)
	found.when(s.CSLS < 0, "csls", "at least 0", s.CSLS)
	return found
}

// Outputs is a table of hits.
func (s *Search) Outputs(in Types) (Outputs, []schemas.Mistake) {
	return Outputs{Tables: []schemas.TableType{{Name: "hits", Schema: schemas.Hits()}}}, append(incomparable(in), s.unfit(in, "queries")...)
}

// incomparable says why the vectors of queries and documents cannot be compared.
func incomparable(in Types) []schemas.Mistake {
	queries, documents := in.Schema("queries"), in.Schema("documents")
	found := append(lacksVectors("queries", queries), lacksVectors("documents", documents)...)
	if len(found) == 0 && queries != nil && documents != nil {
		return unlike("documents", documents, "queries", queries)
	}
	return found
}

// unlike says why the vectors of key cannot be compared with those of than.
func unlike(key string, schema *arrow.Schema, than string, other *arrow.Schema) []schemas.Mistake {
	switch {
	case isTokenVectors(other) != isTokenVectors(schema):
		return []schemas.Mistake{{Key: key, Problem: fmt.Sprintf("%s are %s, %s are %s", key, vectorKind(schema), than, vectorKind(other))}}
	case dimensions(other) != dimensions(schema):
		return []schemas.Mistake{{Key: key, Problem: fmt.Sprintf("vectors have %d dimensions, %s have %d", dimensions(schema), than, dimensions(other))}}
	}
	return nil
}

func lacksVectors(key string, schema *arrow.Schema) []schemas.Mistake {
	if schema == nil || schema.HasField(schemas.Vector) || schema.HasField(schemas.TokenVectorList) {
		return nil
	}
	return []schemas.Mistake{{Key: key, Problem: "needs a table of vectors or token vectors, as embed makes; this one has " + columnList(schema)}}
}

func isTokenVectors(schema *arrow.Schema) bool { return schema.HasField(schemas.TokenVectorList) }

func vectorKind(schema *arrow.Schema) string {
	if isTokenVectors(schema) {
		return "token vectors"
	}
	return "vectors"
}

// dimensions is the width of a table's vectors.
func dimensions(schema *arrow.Schema) int {
	fields, _ := schema.FieldsByName(schemas.Vector)
	if isTokenVectors(schema) {
		fields, _ = schema.FieldsByName(schemas.TokenVectorList)
		return int(fields[0].Type.(*arrow.ListType).Elem().(*arrow.FixedSizeListType).Len())
	}
	return int(fields[0].Type.(*arrow.FixedSizeListType).Len())
}

// A searcher is an exact search that documents are shown to, block by block.
type searcher interface {
	JoinPassages()
	Results() [][]retrieve.Hit
}

// A partialSearcher is one in some of the documents: see retrieve.Merge.
type partialSearcher interface {
	searcher
	Partial() (hits [][]retrieve.Hit, nearest [][]float32)
}

// Run searches. The queries are held in memory, the documents pass by.
func (s *Search) Run(ctx context.Context, job Job) (*model.Model, error) {
	out := job.Outputs["hits"]
	documents, _ := job.Table("documents")
	q, found, err := s.find(ctx, job, out, inLanguages(documents, s.DocumentLanguages, out.Allocator))
	if err != nil {
		return nil, err
	}
	return nil, emitHits(out, q.rows, found.Results())
}

// find shows all documents to all queries.
func (s *Search) find(ctx context.Context, job Job, out schemas.Output, documents schemas.Table) (*vectorRows, partialSearcher, error) {
	from, _ := job.Table("queries")
	from = inLanguages(from, s.QueryLanguages, out.Allocator)
	q, err := gatherQueries(ctx, from, out)
	if err != nil {
		return nil, nil, err
	}
	ofQueries, ofDocuments, err := s.Centring.of(ctx, job, from, documents)
	if err != nil {
		return nil, nil, err
	}
	if err := ofQueries.takeOff(q); err != nil {
		return nil, nil, err
	}
	found, add, err := s.searcher(q)
	if err != nil {
		return nil, nil, fmt.Errorf("reading queries: %w", err)
	}
	err = eachBlock(ctx, job, documents, ofDocuments, found, func(d *vectorRows) error { return add(ctx, d, job.Workers) })
	return q, found, err
}

// eachBlock shows a search the documents, centred, a batch at a time.
func eachBlock(ctx context.Context, job Job, documents schemas.Table, m *means, found searcher, add func(*vectorRows) error) error {
	if documents.Schema.HasField(schemas.DocumentID) {
		found.JoinPassages()
	}
	var seen int64
	var buffer vectorRows
	for batch, err := range documents.Batches(ctx) {
		if err != nil {
			return err
		}
		buffer.reset(dimensions(documents.Schema))
		buffer.add(batch)
		if err := m.takeOff(&buffer); err != nil {
			return err
		}
		if err := add(&buffer); err != nil {
			return err
		}
		seen += batch.NumRows()
		job.Progress(seen, documents.Rows, "documents")
	}
	return nil
}

// searcher returns the search for q and the function that shows it a block of documents.
func (s *Search) searcher(q *vectorRows) (partialSearcher, func(context.Context, *vectorRows, int) error, error) {
	exclude := s.exclude(q.rows, q.exclude)
	if q.offsets == nil && s.CSLS == 0 {
		dense, err := retrieve.NewDense(q.vectors, q.d, s.Top, exclude)
		return dense, func(ctx context.Context, d *vectorRows, workers int) error {
			return dense.Add(ctx, d.rows, d.vectors, workers)
		}, err
	}
	maxsim, err := retrieve.NewMaxSim(q.vectors, q.spans(), q.d, s.Top, exclude)
	if err == nil && s.CSLS > 0 {
		maxsim.CorrectHubs(s.CSLS, q.byLanguage())
	}
	return maxsim, func(ctx context.Context, d *vectorRows, workers int) error {
		return maxsim.Add(ctx, d.rows, d.spans(), d.vectors, workers)
	}, err
}

// emitHits emits one batch a thousand queries.
func emitHits(out schemas.Output, queries []retrieve.Document, results [][]retrieve.Hit) error {
	b := array.NewRecordBuilder(out.Allocator, schemas.Hits())
	defer b.Release()
	for i, hits := range results {
		for rank, h := range hits {
			appendText(b.Field(0), queries[i].Language)
			appendText(b.Field(1), queries[i].ID)
			appendText(b.Field(2), h.Language)
			appendText(b.Field(3), h.ID)
			b.Field(4).(*array.Int32Builder).Append(int32(rank + 1))
			b.Field(5).(*array.Float64Builder).Append(float64(h.Score))
		}
		if i%1000 == 999 || i == len(results)-1 {
			if err := emitBuilt(out, b); err != nil {
				return err
			}
		}
	}
	return nil
}
