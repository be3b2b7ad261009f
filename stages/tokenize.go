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
			found = append(found, tooLong(in, key, t.MaxTokens)...)
		}
		return Outputs{Tables: []schemas.TableType{{Name: "pair_tokens", Schema: schemas.PairTokens(t.Prefix)}}}, found
	}
	if t.Model == "" {
		return Outputs{}, []schemas.Mistake{{Problem: "needs model for documents or queries, or teacher and student for pairs"}}
	}
	found := append(lacks("from", from, "documents or queries", schemas.Language, schemas.ID, schemas.Text), tooLong(in, "model", t.MaxTokens)...)
	return Outputs{Tables: []schemas.TableType{{Name: "tokens", Schema: t.tokens()}}}, found
}

// Run tokenizes. Ids are written into the buffers of the columns themselves, and the columns that stay are not copied.
func (t *Tokenize) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("from")
	name, schema, columns := "tokens", t.tokens(), t.textColumns
	if t.pairs() {
		name, schema, columns = "pair_tokens", schemas.PairTokens(t.Prefix), t.pairColumns
	}
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		made := columns(job, batch)
		tokens := array.NewRecordBatch(schema, made, batch.NumRows())
		for _, c := range made {
			c.Release()
		}
		err := job.Outputs[name].Emit(tokens)
		tokens.Release()
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

// encode is the column of a model's ids of texts, with how many were cut off each.
func (t *Tokenize) encode(m *model.Model, texts *array.String) (ids arrow.Array, cut []int32) {
	limit, e, column := t.limit(m), &tokenizer.Encoding{}, newFlat(texts.Len(), roomFor(texts))
	cut = make([]int32, texts.Len())
	for i := range cut {
		n := 0
		if limit.Left {
			_ = m.Tokenizer.EncodeInto(e, limit, t.Prefix+texts.Value(i)) // fails with pairs alone
			column.values, n = append(column.values, e.IDs...), e.Cut[0]
		} else {
			column.values, n = m.Tokenizer.EncodeTruncated(column.values, t.Prefix+texts.Value(i), limit.MaxTokens)
		}
		cut[i] = int32(n)
		column.end()
	}
	return column.array(), cut
}

// roomFor is about how many ids texts have: two special ones each, and one for every three bytes.
func roomFor(texts *array.String) int { return 2*texts.Len() + len(texts.ValueBytes())/3 }

func (t *Tokenize) textColumns(job Job, batch arrow.RecordBatch) []arrow.Array {
	if t.Offsets != "" {
		return t.offsetColumns(job, batch)
	}
	ids, cut := t.encode(job.Models["model"], texts(batch, schemas.Text))
	return append(same(batch, schemas.Language, schemas.ID), ids, ints(cut))
}

func (t *Tokenize) pairColumns(job Job, batch arrow.RecordBatch) []arrow.Array {
	teacher, student := job.Models["teacher"], job.Models["student"]
	source, target := texts(batch, schemas.SourceText), texts(batch, schemas.TargetText)
	taught, _ := t.encode(teacher, source)
	ours, _ := t.encode(student, source)
	theirs, _ := t.encode(student, target)
	return append(same(batch, schemas.ID, schemas.SourceLanguage, schemas.TargetLanguage), taught, ours, theirs)
}
