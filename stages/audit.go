package stages

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Audit measures how a model's tokenizer treats texts, for each language and script: fertility (tokens a word), the share of
// unknown tokens, what is lost at `max_tokens`, bytes and characters a token, and in the table `split_words` the words on
// which splitting costs most tokens (not in scripts without spaces). The sink report makes a chart of it; give it several audits to compare tokenizers.
//
// A word is what UAX #29 cuts, with a letter or digit in it; tokens are counted without special ones, those of punctuation
// included. The rules know no dictionary: in scripts without spaces (Thai, Lao, Khmer, Burmese, Chinese, most of Japanese) a
// word is a character with its marks, so that fertility is tokens a character there. It compares tokenizers on such a
// language, but not such languages with others.
type Audit struct {
	// From names tables of documents, queries or pairs. Titles do not count.
	From []schemas.TableRef `yaml:"from" ferry:"required"`
	// Model is the model whose tokenizer is measured. Its name stands in the column variant.
	Model schemas.ModelRef `yaml:"model" ferry:"required"`
	// MaxTokens is the longest input, special tokens included. 0 means as long as the model says.
	MaxTokens int `yaml:"max_tokens"`
	// Words is the number of split words to list for each language and script.
	Words int `yaml:"words"`
}

// NewAudit returns an Audit with its defaults.
func NewAudit() *Audit { return &Audit{Words: 50} }

// Validate checks the keys.
func (a *Audit) Validate() []schemas.Mistake {
	var found mistakes
	found.when(a.MaxTokens < 0, "max_tokens", "at least 0", a.MaxTokens)
	found.when(a.Words < 0, "words", "at least 0", a.Words)
	return found
}

// Outputs is the audit and its split words.
func (a *Audit) Outputs(in Types) (Outputs, []schemas.Mistake) {
	return Outputs{Tables: []schemas.TableType{
		{Name: schemas.AuditTable, Schema: schemas.Audit()}, {Name: schemas.SplitWordsTable, Schema: schemas.SplitWords()},
	}}, lackTexts(in.Tables["from"])
}

// Run measures.
func (a *Audit) Run(ctx context.Context, job Job) (*model.Model, error) {
	m := job.Models["model"]
	longest := m.MaxTokens
	if a.MaxTokens > 0 {
		longest = a.MaxTokens
	}
	all := NewAuditor(m.Tokenizer, longest, job.Workers)
	err := eachBatch(ctx, job, "from", func(batch arrow.RecordBatch) error {
		all.Add(batch)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, all.Emit(string(a.Model), a.Words, job.Outputs[schemas.AuditTable], job.Outputs[schemas.SplitWordsTable])
}
