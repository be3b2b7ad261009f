package stages

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Trim drops the pieces of a model's vocabulary that a corpus never uses, with their embeddings: half of a small multilingual
// model and more. Every text of the corpus is cut as before, and the model's answers to it stay the same to the bit. Special
// and other added tokens stay, as do the unknown token and the bytes of a byte fallback. Give it all texts that the model is to
// see, documents and queries, passages where they are cut; what others become is not promised.
//
// Unigram (XLM-R) and WordPiece (BERT) vocabularies can be trimmed.
type Trim struct {
	// From names tables of documents, queries or pairs.
	From []schemas.TableRef `yaml:"from" ferry:"required"`
	// Model is the model to trim.
	Model schemas.ModelRef `yaml:"model" ferry:"required"`
	// Prefixes are what embed will put before texts, such as ["query: ", "passage: "].
	Prefixes []string `yaml:"prefixes"`
	// Title says whether titles stand before texts, as in embed.
	Title bool `yaml:"title"`
	// KeepCharacters keeps the pieces of one character, used or not, so that no word of other texts becomes unknown.
	KeepCharacters bool `yaml:"keep_characters"`
}

// NewTrim returns a Trim with its defaults.
func NewTrim() *Trim { return &Trim{KeepCharacters: true} }

// Outputs is the model.
func (t *Trim) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lackTexts(in.Tables["from"])
	for _, table := range in.Tables["from"] {
		if t.Title && table.Schema != nil && !table.Schema.HasField(schemas.Title) {
			found = append(found, schemas.Mistake{Key: "title", Problem: table.Name + " has no titles"})
		}
	}
	info, ok := in.Models["model"]
	if !ok {
		return Outputs{}, found
	}
	return Outputs{Model: &info}, found
}

// Run trims.
func (t *Trim) Run(ctx context.Context, job Job) (*model.Model, error) {
	m := job.Models["model"]
	usage, err := m.NewUsage()
	if err != nil {
		return nil, err
	}
	prefixes := t.Prefixes
	if len(prefixes) == 0 {
		prefixes = []string{""}
	}
	err = eachBatch(ctx, job, "from", func(batch arrow.RecordBatch) error {
		for _, side := range textSides(batch.Schema()) {
			list := texts(batch, side.text)
			eachShare(list.Len(), job.Workers, func(_, from, to int) {
				for i := from; i < to; i++ {
					for _, prefix := range prefixes {
						usage.Add(prefix + t.titled(batch, list.Value(i), i))
					}
				}
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m.Trimmed(usage, t.KeepCharacters)
}

// titled is the text of row i, after its title where that is asked for.
func (t *Trim) titled(batch arrow.RecordBatch, text string, i int) string {
	if t.Title {
		if title := texts(batch, schemas.Title).Value(i); title != "" {
			return title + " " + text
		}
	}
	return text
}
