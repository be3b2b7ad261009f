package stages

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/tokenizer"
	"github.com/ferry-clir/ferry/schemas"
)

// Tokenize turns text into token ids. From pairs it makes what distill needs: the source text for the teacher, both texts for
// the student. From documents or queries it makes the ids that `model` sees.
type Tokenize struct {
	// From names a table of pairs, documents or queries.
	From schemas.TableRef `yaml:"from" ferry:"required"`
	// Teacher is the model whose tokenizer the source text of pairs goes through.
	Teacher schemas.ModelRef `yaml:"teacher"`
	// Student is the model whose tokenizer both texts of pairs go through.
	Student schemas.ModelRef `yaml:"student"`
	// Model is the model whose tokenizer documents and queries go through.
	Model schemas.ModelRef `yaml:"model"`
	// Prefix is put before every text, such as "query: ".
	Prefix string `yaml:"prefix"`
	// MaxTokens is the longest input, special tokens included; what is longer is cut. 0 means as long as the models allow.
	MaxTokens int `yaml:"max_tokens"`
	// TruncationSide is where tokens are cut off a text that is too long: right, its last ones, or left, its first.
	TruncationSide string `yaml:"truncation_side"`
	// Offsets adds columns to documents and queries that say where each token is in the text before any normalization:
	// starts and ends, in characters (Unicode code points, as Python counts) or bytes, and words, the number of the token's
	// word in the text, from 0, as the tokenizer cuts words. Special tokens and those of the prefix are at 0 to 0, in word -1.
	Offsets string `yaml:"offsets"`
}

// NewTokenize returns a Tokenize with its defaults.
func NewTokenize() *Tokenize { return &Tokenize{TruncationSide: right} }

const (
	right, left       = "right", "left"       // values of truncation_side
	characters, bytes = "characters", "bytes" // and offsets
)

// Validate checks the keys.
func (t *Tokenize) Validate() []schemas.Mistake {
	var found []schemas.Mistake
	if t.MaxTokens < 0 {
		found = append(found, schemas.Mistake{Key: "max_tokens", Problem: fmt.Sprintf("should be at least 1, is %d", t.MaxTokens)})
	}
	if t.TruncationSide != right && t.TruncationSide != left {
		found = append(found, schemas.Mistake{Key: "truncation_side", Problem: fmt.Sprintf("should be right or left, is %q", t.TruncationSide)})
	}
	if t.Offsets != "" && t.Offsets != characters && t.Offsets != bytes {
		found = append(found, schemas.Mistake{Key: "offsets", Problem: fmt.Sprintf("should be characters or bytes, is %q", t.Offsets)})
	}
	return found
}

// RowWise says that every row of From is tokenized on its own.
func (t *Tokenize) RowWise() string { return "from" }

func (t *Tokenize) pairs() bool { return t.Teacher != "" || t.Student != "" }

// Outputs is pair_tokens from pairs, else tokens.
func (t *Tokenize) Outputs(in Types) (Outputs, []schemas.Mistake) {
	from := in.Schema("from")
	if t.pairs() {
		var found []schemas.Mistake
		if t.Teacher == "" || t.Student == "" {
			found = append(found, schemas.Mistake{Problem: "pairs need both teacher and student"})
		}
		if t.Offsets != "" {
			found = append(found, schemas.Mistake{Key: "offsets", Problem: "only documents and queries have offsets, with model"})
		}
		found = append(found, lacks("from", from, "pairs", schemas.SourceText, schemas.TargetText)...)
		for _, key := range []string{"teacher", "student"} {
			found = append(found, t.tooLong(in, key)...)
		}
		return Outputs{Tables: []schemas.TableType{{Name: "pair_tokens", Schema: schemas.PairTokens(t.Prefix)}}}, found
	}
	if t.Model == "" {
		return Outputs{}, []schemas.Mistake{{Problem: "needs model for documents or queries, or teacher and student for pairs"}}
	}
	found := append(lacks("from", from, "documents or queries", schemas.Language, schemas.ID, schemas.Text), t.tooLong(in, "model")...)
	return Outputs{Tables: []schemas.TableType{{Name: "tokens", Schema: t.tokens()}}}, found
}

// tooLong reports a max_tokens beyond what a model takes.
func (t *Tokenize) tooLong(in Types, key string) []schemas.Mistake {
	if info, ok := in.Models[key]; ok && t.MaxTokens > info.Config.MaxTokens() {
		return []schemas.Mistake{{Key: "max_tokens", Problem: fmt.Sprintf("the %s takes at most %d tokens, not %d", key, info.Config.MaxTokens(), t.MaxTokens)}}
	}
	return nil
}

// Run tokenizes.
func (t *Tokenize) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("from")
	name, schema, rows := "tokens", t.tokens(), t.textRow
	if t.pairs() {
		name, schema, rows = "pair_tokens", schemas.PairTokens(t.Prefix), t.pairRow
	}
	out, row := job.Outputs[name], rows(job)
	b := array.NewRecordBuilder(out.Allocator, schema)
	defer b.Release()
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		write := row(batch, b)
		for i := range int(batch.NumRows()) {
			write(i)
		}
		made := b.NewRecordBatch()
		err := out.Emit(made)
		made.Release()
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// tokens is the schema of one tokenized text a row.
func (t *Tokenize) tokens() *arrow.Schema {
	if t.Offsets != "" {
		return schemas.TokensWithOffsets()
	}
	return schemas.Tokens()
}

// limit is the truncation of a model's texts.
func (t *Tokenize) limit(m *model.Model) tokenizer.Truncation {
	limit := tokenizer.Truncation{MaxTokens: m.MaxTokens, Left: t.TruncationSide == left}
	if t.MaxTokens > 0 {
		limit.MaxTokens = t.MaxTokens
	}
	return limit
}

// encode is a model's tokenizer with prefix and truncation.
func (t *Tokenize) encode(m *model.Model) func(text string) ([]int32, int) {
	limit, e := t.limit(m), &tokenizer.Encoding{}
	return func(text string) ([]int32, int) {
		if limit.Left {
			_ = m.Tokenizer.EncodeInto(e, limit, t.Prefix+text) // fails with pairs alone
			return e.IDs, e.Cut[0]
		}
		var cut int
		e.IDs, cut = m.Tokenizer.EncodeTruncated(e.IDs[:0], t.Prefix+text, limit.MaxTokens)
		return e.IDs, cut
	}
}

type rowFunc func(batch arrow.RecordBatch, b *array.RecordBuilder) (write func(i int))

func (t *Tokenize) textRow(job Job) rowFunc {
	if t.Offsets != "" {
		return t.offsetRow(job)
	}
	encode := t.encode(job.Models["model"])
	return func(batch arrow.RecordBatch, b *array.RecordBuilder) func(int) {
		language, id, text := texts(batch, schemas.Language), texts(batch, schemas.ID), texts(batch, schemas.Text)
		return func(i int) {
			ids, cut := encode(text.Value(i))
			appendText(b.Field(0), language.Value(i))
			appendText(b.Field(1), id.Value(i))
			appendInts(b.Field(2), ids)
			b.Field(3).(*array.Int32Builder).Append(int32(cut))
		}
	}
}

func (t *Tokenize) pairRow(job Job) rowFunc {
	teacher, student := t.encode(job.Models["teacher"]), t.encode(job.Models["student"])
	return func(batch arrow.RecordBatch, b *array.RecordBuilder) func(int) {
		copied := []*array.String{texts(batch, schemas.ID), texts(batch, schemas.SourceLanguage), texts(batch, schemas.TargetLanguage)}
		source, target := texts(batch, schemas.SourceText), texts(batch, schemas.TargetText)
		return func(i int) {
			for c, values := range copied {
				appendText(b.Field(c), values.Value(i))
			}
			ids, _ := teacher(source.Value(i))
			appendInts(b.Field(3), ids)
			ids, _ = student(source.Value(i))
			appendInts(b.Field(4), ids)
			ids, _ = student(target.Value(i))
			appendInts(b.Field(5), ids)
		}
	}
}
