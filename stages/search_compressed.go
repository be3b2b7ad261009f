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

// SearchCompressed finds each query's best documents by MaxSim, in token vectors that `compress` has written: in a fraction of
// the time and the space of `search`, and nearly the same documents. All are scored by the centroids of their tokens; the
// candidates that score highest are read back, and scored as `search` does. Exclusions, languages and passages count as in
// `search`, and what is taken off the vectors is the codec's to say. Hubs are not corrected: that needs the exact similarities of
// every document with the queries nearest to it, which nobody computes here; give the hits to `rerank`, or use `search`.
//
// To see what it costs, let `evaluate` compare it with an exact search of the same queries, by naming that one's hits as its
// judgments.
type SearchCompressed struct {
	// Queries names a table of token vectors.
	Queries schemas.TableRef `yaml:"queries" ferry:"required"`
	// Documents names a table of compressed token vectors.
	Documents schemas.TableRef `yaml:"documents" ferry:"required"`
	// Codec names the table of the codec that they were compressed with.
	Codec schemas.TableRef `yaml:"codec" ferry:"required"`
	// Top is the number of documents to return for each query.
	Top int `yaml:"top"`
	// Candidates is the number of documents that are read back for each query, at least top. More of them find more of what an
	// exact search finds. Each takes about 50 bytes for each query.
	Candidates int `yaml:"candidates"`
	// Probes is the number of centroids near each token of a query that are told apart; all others count as much as the next
	// one would.
	Probes int `yaml:"probes"`
	Languages
}

// NewSearchCompressed returns a SearchCompressed with its defaults.
func NewSearchCompressed() *SearchCompressed {
	return &SearchCompressed{Top: 100, Candidates: 1000, Probes: 16, Languages: Languages{Languages: languagesAny}}
}

// Validate checks the keys.
func (s *SearchCompressed) Validate() []schemas.Mistake {
	found := mistakes(s.Languages.mistakes())
	found.when(s.Top < 1, "top", "at least 1", s.Top)
	found.when(s.Candidates < s.Top, "candidates", fmt.Sprintf("at least top, %d", s.Top), s.Candidates)
	found.when(s.Probes < 1, "probes", "at least 1", s.Probes)
	return found
}

// Outputs is a table of hits.
func (s *SearchCompressed) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := append(lacksCodec(in, "queries"), lacks("documents", in.Schema("documents"), "compressed token vectors", schemas.ID, schemas.CodecName, schemas.Codes, schemas.Residuals)...)
	return Outputs{Tables: []schemas.TableType{{Name: "hits", Schema: schemas.Hits()}}}, found
}

// Run searches. The queries and their candidates are held in memory, the documents pass by.
func (s *SearchCompressed) Run(ctx context.Context, job Job) (*model.Model, error) {
	out := job.Outputs["hits"]
	documents, _ := job.Table("documents")
	by, q, err := s.queries(ctx, job, out)
	if err != nil {
		return nil, err
	}
	found, seen, err := s.find(ctx, job, by, q, inLanguages(documents, s.DocumentLanguages, out.Allocator))
	if err != nil {
		return nil, err
	}
	s.warnFew(out, seen)
	return nil, emitHits(out, q.rows, found.Results())
}

// queries reads the codec, and the queries as it has it.
func (s *SearchCompressed) queries(ctx context.Context, job Job, out schemas.Output) (codec, *vectorRows, error) {
	from, _ := job.Table("queries")
	table, _ := job.Table("codec")
	by, err := readCodec(ctx, table)
	if err != nil {
		return by, nil, err
	}
	q, err := by.queries(ctx, out, inLanguages(from, s.QueryLanguages, out.Allocator))
	return by, q, err
}

func (s *SearchCompressed) options(documents schemas.Table) retrieve.CompressedOptions {
	return retrieve.CompressedOptions{K: s.Top, Candidates: s.Candidates, Probes: s.Probes, Passages: documents.Schema.HasField(schemas.DocumentID)}
}

// find shows all documents to all queries, and counts them.
func (s *SearchCompressed) find(ctx context.Context, job Job, by codec, q *vectorRows, documents schemas.Table) (search *retrieve.Compressed, seen int64, err error) {
	search, err = retrieve.NewCompressed(ctx, by.Codec, q.vectors, q.offsets, s.options(documents), s.exclude(q.rows, q.exclude), job.Workers)
	if err != nil {
		return nil, 0, fmt.Errorf("reading queries: %w", err)
	}
	var block retrieve.Block
	name := by.name()
	for batch, err := range documents.Batches(ctx) {
		if err != nil {
			return nil, 0, err
		}
		if err := fill(&block, batch, name, by.Bytes()); err != nil {
			return nil, 0, fmt.Errorf("reading %s: %w", documents.Name, err)
		}
		if err := search.Add(ctx, block); err != nil {
			return nil, 0, err
		}
		seen += batch.NumRows()
		job.Progress(seen, documents.Rows, "documents")
	}
	return search, seen, nil
}

func (s *SearchCompressed) warnFew(out schemas.Output, documents int64) {
	if documents <= int64(s.Candidates) {
		out.Warn(fmt.Sprintf("candidates are %d, and there are %d documents: all are read back, which is an exact MaxSim of what compress has left of their vectors, "+
			"and centroids choose none; a tenth of the documents, or fewer, save time", s.Candidates, documents))
	}
}

// fill makes block the rows of a batch, which a codec of that name has written with so many bytes a token. It shares memory
// with the batch.
func fill(block *retrieve.Block, batch arrow.RecordBatch, name string, bytes int) error {
	who := whoseRows(batch)
	block.Documents = who
	list, residuals := column[*array.List](batch, schemas.Codes), column[*array.Binary](batch, schemas.Residuals)
	block.Offsets = append(block.Offsets[:0], 0)
	names := texts(batch, schemas.CodecName)
	for i := range who.Len() {
		if by := names.Value(i); by != name {
			return fmt.Errorf("document %q was compressed with the codec %s, not with %s: give the one that wrote it, or compress again", who.id.Value(i), by, name)
		}
		from, to := list.ValueOffsets(i)
		if n := residuals.ValueLen(i); n != int(to-from)*bytes {
			return fmt.Errorf("document %q has %d codes and %d bytes of residuals, which should be %d", who.id.Value(i), to-from, n, int(to-from)*bytes)
		}
		block.Offsets = append(block.Offsets, block.Offsets[i]+int32(to-from))
	}
	if who.Len() > 0 {
		from, _ := list.ValueOffsets(0)
		_, to := list.ValueOffsets(list.Len() - 1)
		block.Codes = list.ListValues().(*array.Int32).Int32Values()[from:to]
		block.Residuals = residuals.ValueBytes()
	}
	return nil
}
