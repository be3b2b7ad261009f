package stages

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/tokenizer"
	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// MLM goes on with a model's pre-training: it guesses masked words (masked language modelling). On text of a language or a
// domain that is domain-adaptive pre-training, on the task's own text task-adaptive, and on pairs, which go in as one input,
// the text and its translation, translation language modelling: a masked word can be found on the other side. Train or distil
// the model before or afterwards: guessing words alone makes no retriever.
//
// The softmax is over the tokens that occur in the texts alone, and so is the loss, which does not compare with that of other
// texts. The head that guesses begins as the model file has it, or else from the identity and the tokens' frequencies; it is
// trained with the encoder and goes afterwards. Its decoder is tied to the word embeddings, and stays as they are with
// freeze_embeddings. Masks are drawn anew in each epoch. The training table has the column masked_accuracy beside the loss.
type MLM struct {
	// From names tables of documents, queries or pairs. Titles are not read.
	From []schemas.TableRef `yaml:"from" ferry:"required"`
	// Model is where training starts.
	Model schemas.ModelRef `yaml:"model" ferry:"required"`
	// MaskShare is the share of the words that are to be guessed, at least one in each text.
	MaskShare float64 `yaml:"mask_share"`
	// MaskedShare is the share of their tokens that the mask token replaces.
	MaskedShare float64 `yaml:"masked_share"`
	// RandomShare is the share of their tokens that a random one replaces, among those that occur. The others stay.
	RandomShare float64 `yaml:"random_share"`
	// WholeWord masks all tokens of a word together, as the tokenizer cuts words; those of more than 8 tokens, as where there
	// are no spaces between words, token by token, and with false all.
	WholeWord bool `yaml:"whole_word"`
	// Prefix is put before every text, both of pairs, such as "query: "; it is never masked.
	Prefix string `yaml:"prefix"`
	// MaxTokens is the longest input, special tokens included, both texts of pairs together; what is longer is cut, of pairs
	// the longer text first. 0 means as long as the model allows.
	MaxTokens int `yaml:"max_tokens"`
	Training
}

// NewMLM returns an MLM with its defaults.
func NewMLM() *MLM {
	o := train.NewMasking()
	return &MLM{MaskShare: o.Share, MaskedShare: o.Masked, RandomShare: o.Random, WholeWord: true, Training: newTraining()}
}

// longestUnit is the most tokens that are masked as one word.
const longestUnit = 8

// Validate checks the keys.
func (l *MLM) Validate() []schemas.Mistake {
	found := mistakes(l.Training.Validate())
	found.when(!(l.MaskShare > 0 && l.MaskShare <= 1), "mask_share", "above 0 and at most 1", l.MaskShare)
	found.when(!(l.MaskedShare >= 0 && l.MaskedShare <= 1), "masked_share", "between 0 and 1", l.MaskedShare)
	found.when(!(l.RandomShare >= 0 && l.MaskedShare+l.RandomShare <= 1), "random_share", "at least 0, and with masked_share at most 1", l.RandomShare)
	found.when(l.MaxTokens < 0, "max_tokens", "at least 0", l.MaxTokens)
	return found
}

// TrainsOn names the keys of what is learned from, and of the queries that the weights are chosen by.
func (l *MLM) TrainsOn() []string { return []string{"from", DevQueries} }

var mlmLosses = []string{train.MLMLoss, train.MaskedAccuracy}

// Outputs is the model, trained, and the training table.
func (l *MLM) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := append(lackTexts(in.Tables["from"]), append(l.Dev.lacks(in), l.tooWide(in, "model")...)...)
	info, ok := in.Models["model"]
	found = append(found, tooLong(in, "model", l.MaxTokens)...)
	if ok && info.Config.Projection > 0 {
		found = append(found, schemas.Mistake{Key: "model", Problem: "the model has a projection, which the head that guesses knows nothing of: name the model that was distilled"})
	}
	return Outputs{Tables: []schemas.TableType{{Name: trainingTable, Schema: l.schema(mlmLosses...)}}, Model: &info}, found
}

// Run trains. The token ids of all texts are held in memory with their words, 8 bytes a token.
func (l *MLM) Run(ctx context.Context, job Job) (*model.Model, error) {
	m := job.Models["model"]
	t := train.NewMLM(m.Encoder)
	t.Masking = train.Masking{Share: l.MaskShare, Masked: l.MaskedShare, Random: l.RandomShare, Token: m.MaskID()}
	if t.Masking.Token < 0 {
		return nil, errors.New("the model's tokenizer has no <mask> or [MASK]")
	}
	if err := l.read(ctx, job, &t); err != nil {
		return nil, err
	}
	return l.run(ctx, job, m, nil, t, mlmLosses)
}

// read tokenizes the texts. One without any token that may be masked is dropped.
func (l *MLM) read(ctx context.Context, job Job, t *train.MLM) error {
	m, e, dropped := job.Models["model"], &tokenizer.Encoding{Offsets: true}, int64(0)
	limit := tokenizer.Truncation{MaxTokens: m.MaxTokens}
	if l.MaxTokens > 0 {
		limit.MaxTokens = l.MaxTokens
	}
	err := eachBatch(ctx, job, "from", func(batch arrow.RecordBatch) error {
		sides := textSides(batch.Schema())
		input := make([]string, len(sides))
		for i := range int(batch.NumRows()) {
			for s, side := range sides {
				input[s] = l.Prefix + texts(batch, side.text).Value(i)
			}
			if err := m.Tokenizer.EncodeInto(e, limit, input...); err != nil {
				return fmt.Errorf("tokenizing: %w", err)
			}
			units := l.units(e, m.Tokenizer)
			if units == nil {
				dropped++
				continue
			}
			appendSequence(&t.Texts, e.IDs)
			t.Units = append(t.Units, units...)
		}
		return nil
	})
	if dropped > 0 {
		job.Outputs[trainingTable].Drop("no_content", dropped)
	}
	if err == nil && t.Texts.Sequences() == 0 {
		return errors.New("there are no texts to learn from")
	}
	return err
}

// units numbers what is masked together: words, or tokens. Special tokens, unknown ones and those of the prefix have -1; it
// is nil if all have.
func (l *MLM) units(e *tokenizer.Encoding, t *tokenizer.Tokenizer) (units []int32) {
	length := map[[2]int32]int{} // of words, in tokens
	for i, word := range e.Words {
		length[[2]int32{e.Texts[i], word}]++
	}
	units, some := make([]int32, len(e.IDs)), false
	for i, word := range e.Words {
		units[i] = -1
		if word < 0 || t.IsSpecial(e.IDs[i]) || e.IDs[i] == t.UnknownID() || int(e.Spans[i].End) <= len(l.Prefix) {
			continue
		}
		units[i], some = int32(i), true
		same := l.WholeWord && i > 0 && units[i-1] >= 0 && e.Words[i-1] == word && e.Texts[i-1] == e.Texts[i]
		if same && length[[2]int32{e.Texts[i], word}] <= longestUnit {
			units[i] = units[i-1]
		}
	}
	if !some {
		return nil
	}
	return units
}
