package stages

import (
	"context"
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/schemas"
)

// Chunk cuts long documents into passages that overlap. A passage's id is its document's with a number from 0, `d1#0`; its
// column document_id names the document, and its title is the document's. embed keeps that column, and search returns
// documents then, each with the score of its best passage.
//
// Passages end after white space where there is some in their last quarter, else between two characters as readers see them.
type Chunk struct {
	// From names a table of documents.
	From schemas.TableRef `yaml:"from" ferry:"required"`
	// Characters is the longest passage, in Unicode code points.
	Characters int `yaml:"characters"`
	// Overlap is how many of its last characters a passage shares with the next one at most.
	Overlap int `yaml:"overlap"`
}

// NewChunk returns a Chunk with its defaults.
func NewChunk() *Chunk { return &Chunk{Characters: 1000, Overlap: 200} }

// Validate checks the keys.
func (c *Chunk) Validate() []schemas.Mistake {
	if c.Characters < 1 {
		return []schemas.Mistake{{Key: "characters", Problem: fmt.Sprintf("should be at least 1, is %d", c.Characters)}}
	}
	if c.Overlap < 0 || c.Overlap >= c.Characters {
		return []schemas.Mistake{{Key: "overlap", Problem: fmt.Sprintf("should be at least 0 and less than %d, is %d", c.Characters, c.Overlap)}}
	}
	return nil
}

// RowWise says that every document is cut on its own.
func (c *Chunk) RowWise() string { return "from" }

// Makes says that a document becomes any number of passages.
func (c *Chunk) Makes() Makes { return Several }

// Outputs is a table of passages.
func (c *Chunk) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lacks("from", in.Schema("from"), "documents", schemas.Language, schemas.ID, schemas.Title, schemas.Text)
	return Outputs{Tables: []schemas.TableType{{Name: "passages", Schema: schemas.Passages()}}}, found
}

// Run cuts.
func (c *Chunk) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("from")
	out := job.Outputs["passages"]
	b := array.NewRecordBuilder(out.Allocator, schemas.Passages())
	defer b.Release()
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		language, id := texts(batch, schemas.Language), texts(batch, schemas.ID)
		title, body := texts(batch, schemas.Title), texts(batch, schemas.Text)
		for i := range int(batch.NumRows()) {
			passages := text.Passages(body.Value(i), c.Characters, c.Overlap)
			if len(passages) == 0 {
				out.Drop("empty", 1)
			}
			for n, passage := range passages {
				for field, value := range []string{language.Value(i), id.Value(i) + "#" + strconv.Itoa(n), title.Value(i), passage, id.Value(i)} {
					appendText(b.Field(field), value)
				}
			}
		}
		if err := emitBuilt(out, b); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
