package stages

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/model/tokenizer"
	"github.com/ferry-clir/ferry/schemas"
)

// Extend adds pieces to a model's vocabulary that save most tokens in texts of a language which the model cuts into scraps:
// each stands for two or more pieces that follow one another within words, and begins with the mean of their embeddings. Train
// or distil the model afterwards: it has not seen the new pieces yet. The stage audit shows what became of the fertility, and the
// table `added_pieces` lists the pieces.
//
// Unigram (XLM-R) and WordPiece (BERT) vocabularies can be extended. With Unigram, text in which no new piece occurs is cut as
// before; with WordPiece, no word of the texts is cut into more pieces than before. The 300,000 most frequent split words are
// mined, white space between them; where there is little, pieces of them of up to 120 bytes.
type Extend struct {
	// From names tables of documents, queries or pairs.
	From []schemas.TableRef `yaml:"from" ferry:"required"`
	// Model is the model to extend.
	Model schemas.ModelRef `yaml:"model" ferry:"required"`
	// Tokens is the number of pieces to add; there are fewer if the texts do not give more.
	Tokens int `yaml:"tokens" ferry:"required"`
	// Languages are those whose texts are mined, all if left out: of pairs often one side only.
	Languages []string `yaml:"languages"`
	// MinCount is how often a piece has to occur.
	MinCount int64 `yaml:"min_count"`
}

// NewExtend returns an Extend with its defaults.
func NewExtend() *Extend { return &Extend{MinCount: 5} }

const (
	minedWords  = 300_000 // different words that are remembered
	longestWord = 120     // bytes of one; longer ones, as in Thai or Chinese, are cut
)

// Validate checks the keys.
func (e *Extend) Validate() []schemas.Mistake {
	if e.Tokens < 1 {
		return []schemas.Mistake{{Key: "tokens", Problem: fmt.Sprintf("should be at least 1, is %d", e.Tokens)}}
	}
	if e.MinCount < 1 {
		return []schemas.Mistake{{Key: "min_count", Problem: fmt.Sprintf("should be at least 1, is %d", e.MinCount)}}
	}
	return nil
}

const addedPieces = "added_pieces"

// Outputs is the model, and the pieces added.
func (e *Extend) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lackTexts(in.Tables["from"])
	info, ok := in.Models["model"]
	if !ok {
		return Outputs{}, found
	}
	return Outputs{Tables: []schemas.TableType{{Name: addedPieces, Schema: schemas.AddedPieces()}}, Model: &info}, found
}

// Run extends.
func (e *Extend) Run(ctx context.Context, job Job) (*model.Model, error) {
	m := job.Models["model"]
	watcher, err := m.NewWatcher()
	if err != nil {
		return nil, err
	}
	words := text.Tally{}
	err = eachBatch(ctx, job, "from", func(batch arrow.RecordBatch) error {
		for _, side := range textSides(batch.Schema()) {
			for _, part := range e.count(watcher, texts(batch, side.language), texts(batch, side.text), job.Workers) {
				words.Merge(part, minedWords)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	extended, added, err := m.Extended(words.Sorted(), e.Tokens, e.MinCount)
	if err != nil {
		return nil, err
	}
	return extended, emitAdded(job.Outputs[addedPieces], added)
}

// count counts the split words of texts in the languages that are asked for, a tally a worker.
func (e *Extend) count(watcher *tokenizer.Watcher, languages, list *array.String, workers int) []text.Tally {
	parts := make([]text.Tally, max(1, workers))
	eachShare(list.Len(), workers, func(worker, from, to int) {
		part := text.Tally{}
		parts[worker] = part
		for i := from; i < to; i++ {
			if len(e.Languages) > 0 && !slices.Contains(e.Languages, languages.Value(i)) {
				continue
			}
			watcher.Words(list.Value(i), func(word []byte, ids []int32) {
				if len(ids) > 1 {
					addWord(part, string(word))
				}
			})
		}
	})
	return parts
}

// addWord counts a word, or the parts of one that is too long.
func addWord(words text.Tally, word string) {
	for len(word) > longestWord {
		end := longestWord
		for end > longestWord-utf8.UTFMax && !utf8.RuneStart(word[end]) {
			end--
		}
		words.Add(word[:end], 1)
		word = word[end:]
	}
	words.Add(word, 1)
}

func emitAdded(out schemas.Output, added []tokenizer.Addition) error {
	b := array.NewRecordBuilder(out.Allocator, schemas.AddedPieces())
	defer b.Release()
	for _, a := range added {
		appendText(b.Field(0), a.Piece)
		b.Field(1).(*array.Int64Builder).Append(a.Count)
		b.Field(2).(*array.Int64Builder).Append(a.Saved)
		appendTexts(b.Field(3), a.Replaced)
	}
	return emitAll([]*array.RecordBuilder{b}, []schemas.Output{out})
}
