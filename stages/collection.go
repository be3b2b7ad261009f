package stages

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// A Collection holds embedded documents in memory, for questions that come one at a time.
type Collection struct {
	rows     vectorRows
	passages bool
	index    *retrieve.Index // of vectors; nil for passages and token vectors, which are compared with every question
}

// NewCollection returns an empty collection of a table of vectors or token vectors.
func NewCollection(schema *arrow.Schema) *Collection {
	c := &Collection{passages: schema.HasField(schemas.DocumentID)}
	c.rows.reset(dimensions(schema))
	return c
}

// Add adds the rows of a batch.
func (c *Collection) Add(batch arrow.RecordBatch) { c.rows.add(batch) }

// Index makes the collection ready for questions; nothing is added afterwards.
func (c *Collection) Index(ctx context.Context) (err error) {
	if len(c.rows.rows) == 0 {
		return errors.New("there are no documents")
	}
	if c.rows.offsets == nil && !c.passages {
		c.index, err = retrieve.NewIndex(ctx, c.rows.rows, c.rows.vectors, c.rows.d, runtime.GOMAXPROCS(0))
	}
	return err
}

// Ask returns the best documents for a question that a model embeds, with a prefix before it, as embed and search do.
func (c *Collection) Ask(ctx context.Context, m *model.Model, question, prefix string, top int) ([]retrieve.Hit, error) {
	if width := m.Config.Width(); width != c.rows.d {
		return nil, fmt.Errorf("the model's vectors have %d dimensions and the documents' %d", width, c.rows.d)
	}
	e := NewEmbed()
	e.Prefix = prefix
	tokens := c.rows.offsets != nil
	var asked model.Embedded
	err := model.NewEmbedder(m, e.options(m.Info)).Embed(ctx, []string{question}, tokens, func(_ int, r model.Embedded) error {
		asked = r
		return nil
	})
	if err != nil {
		return nil, err
	}
	if c.index != nil {
		return c.index.Search(ctx, asked.Vector, top, runtime.GOMAXPROCS(0))
	}
	q := &vectorRows{d: c.rows.d, rows: make([]retrieve.Document, 1), vectors: asked.Vector, exclude: make([][]string, 1)}
	if tokens {
		q.vectors, q.offsets = asked.TokenVectors, []int32{0, int32(len(asked.IDs))}
	}
	s := NewSearch()
	s.Top = top
	found, add, err := s.searcher(q)
	if err != nil {
		return nil, err
	}
	if c.passages {
		found.JoinPassages()
	}
	if err := add(ctx, &c.rows, runtime.GOMAXPROCS(0)); err != nil {
		return nil, err
	}
	return found.Results()[0], nil
}
