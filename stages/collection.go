package stages

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// A Collection holds embedded documents, for questions that come one at a time.
type Collection struct {
	// DocumentLanguages are those of the documents that are taken; all if there are none.
	DocumentLanguages []string

	rows  int64
	there map[string]bool // languages that were seen, where some are not taken
	held
}

// Held is how a collection holds documents.
type held interface {
	add(arrow.RecordBatch) error
	index(context.Context) error
	width() int   // of the vectors
	tokens() bool // questions are asked by their token vectors
	ask(ctx context.Context, asked model.Embedded, top int) ([]retrieve.Hit, error)
}

// NewCollection returns an empty collection of a table of vectors or token vectors.
func NewCollection(schema *arrow.Schema) *Collection {
	return &Collection{there: map[string]bool{}, held: newHeldVectors(schema)}
}

// NewCompressedCollection returns an empty collection of a table of what a codec has written.
// It is held in what scratch returns.
func NewCompressedCollection(ctx context.Context, schema *arrow.Schema, codec schemas.Table, scratch func() (Scratch, error)) (*Collection, error) {
	h, err := newHeldCodes(ctx, schema, codec, scratch)
	return &Collection{there: map[string]bool{}, held: h}, err
}

// Add adds the rows of a batch, if they are in a language that is taken.
func (c *Collection) Add(batch arrow.RecordBatch) error {
	if len(c.DocumentLanguages) > 0 {
		rows := rowsIn(batch, c.DocumentLanguages, c.there)
		if len(rows) == 0 {
			return nil
		}
		part, err := takeBatch(memory.DefaultAllocator, batch, rows)
		if err != nil {
			return err
		}
		defer part.Release()
		batch = part
	}
	if batch.NumRows() == 0 {
		return nil
	}
	c.rows += batch.NumRows()
	return c.add(batch)
}

// Index makes the collection ready for questions; nothing is added afterwards.
func (c *Collection) Index(ctx context.Context) error {
	if err := nothingIn("the file", c.DocumentLanguages, c.there); err != nil {
		return err
	}
	if c.rows == 0 {
		return errors.New("there are no documents")
	}
	return c.index(ctx)
}

// Ask returns the best documents for a question that a model embeds, with a prefix before it, as embed and search do.
func (c *Collection) Ask(ctx context.Context, m *model.Model, question, prefix string, top int) ([]retrieve.Hit, error) {
	if width := m.Config.Width(); width != c.width() {
		return nil, fmt.Errorf("the model's vectors have %d dimensions and the documents' %d", width, c.width())
	}
	e := NewEmbed()
	e.Prefix = prefix
	var asked model.Embedded
	err := model.NewEmbedder(m, e.options(m.Info)).EmbedAll(ctx, []string{question}, c.tokens(), func(_ int, r model.Embedded) { asked = r })
	if err != nil {
		return nil, err
	}
	return c.ask(ctx, asked, top)
}

// heldVectors are vectors or token vectors, which are compared exactly.
type heldVectors struct {
	rows     vectorRows
	passages bool
	by       *retrieve.Index // of vectors; nil for passages and token vectors, which are compared with every question
}

func newHeldVectors(schema *arrow.Schema) *heldVectors {
	h := &heldVectors{passages: schema.HasField(schemas.DocumentID)}
	h.rows.reset(dimensions(schema))
	return h
}

func (h *heldVectors) add(batch arrow.RecordBatch) error {
	h.rows.add(batch)
	return nil
}

func (h *heldVectors) index(ctx context.Context) (err error) {
	if !h.tokens() && !h.passages {
		h.by, err = retrieve.NewIndex(ctx, h.rows.rows, h.rows.vectors, h.rows.d, runtime.GOMAXPROCS(0))
	}
	return err
}

func (h *heldVectors) width() int { return h.rows.d }

func (h *heldVectors) tokens() bool { return h.rows.offsets != nil }

func (h *heldVectors) ask(ctx context.Context, asked model.Embedded, top int) ([]retrieve.Hit, error) {
	if h.by != nil {
		return h.by.Search(ctx, asked.Vector, top, runtime.GOMAXPROCS(0))
	}
	q := &vectorRows{d: h.rows.d, rows: make([]retrieve.Document, 1), vectors: asked.Vector, exclude: make([][]string, 1)}
	if h.tokens() {
		q.vectors, q.offsets = asked.TokenVectors, []int32{0, int32(len(asked.IDs))}
	}
	s := NewSearch()
	s.Top = top
	found, add, err := s.searcher(q)
	if err != nil {
		return nil, err
	}
	if h.passages {
		found.JoinPassages()
	}
	if err := add(ctx, &h.rows, runtime.GOMAXPROCS(0)); err != nil {
		return nil, err
	}
	return found.Results()[0], nil
}
