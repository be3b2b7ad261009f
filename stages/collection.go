package stages

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/retrieve"
)

// A Collection holds embedded documents in memory, for questions that come one at a time.
type Collection struct {
	rows  vectorRows
	index *retrieve.Index // of vectors; nil for token vectors, which are compared with every question
}

// NewCollection returns an empty collection of a table of vectors or token vectors.
func NewCollection(schema *arrow.Schema) *Collection {
	c := &Collection{}
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
	if c.rows.offsets == nil {
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
	var asked model.Embedded
	err := model.NewEmbedder(m, e.options(m.Info)).Embed(ctx, []string{question}, c.index == nil, func(_ int, r model.Embedded) error {
		asked = r
		return nil
	})
	if err != nil {
		return nil, err
	}
	if c.index != nil {
		return c.index.Search(ctx, asked.Vector, top, runtime.GOMAXPROCS(0))
	}
	s, err := retrieve.NewMaxSim(asked.TokenVectors, []int32{0, int32(len(asked.IDs))}, c.rows.d, top, nil)
	if err != nil {
		return nil, err
	}
	s.JoinPassages()
	if err := s.Add(ctx, c.rows.rows, c.rows.offsets, c.rows.vectors, runtime.GOMAXPROCS(0)); err != nil {
		return nil, err
	}
	return s.Results()[0], nil
}
