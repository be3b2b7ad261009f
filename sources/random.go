package sources

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/tokenizer"
	"github.com/ferry-clir/ferry/schemas"
)

// Random makes a model with random weights, drawn from the pipeline's seed: where training starts from nothing.
type Random struct {
	// Tokenizer is the path of a tokenizer.json.
	Tokenizer schemas.Path `yaml:"tokenizer" ferry:"required"`
	// Type of encoder: xlm-roberta or bert.
	Type string `yaml:"type"`
	// Hidden is the width of a token's vector.
	Hidden int `yaml:"hidden"`
	// Layers is the number of Transformer layers.
	Layers int `yaml:"layers"`
	// Heads is the number of attention heads of a layer; hidden must be a multiple of it.
	Heads int `yaml:"heads"`
	// FFN is the width of the feed-forward layer.
	FFN int `yaml:"ffn"`
	// MaxTokens is the longest input, special tokens included.
	MaxTokens int `yaml:"max_tokens"`
	// Draw numbers the models that one seed gives: each draw has other weights.
	Draw uint64 `yaml:"draw"`
}

// NewRandom returns a Random with its defaults: XLM-R's type, two small layers.
func NewRandom() *Random {
	return &Random{Type: "xlm-roberta", Hidden: 128, Layers: 2, Heads: 4, FFN: 512, MaxTokens: 128}
}

func (r *Random) config(vocabulary int) encoder.Config {
	return encoder.NewConfig(r.Type, r.Hidden, r.Layers, r.Heads, r.FFN, vocabulary, r.MaxTokens)
}

// Validate checks the sizes.
func (r *Random) Validate() []schemas.Mistake {
	if r.Type != "xlm-roberta" && r.Type != "bert" {
		return []schemas.Mistake{{Key: "type", Problem: fmt.Sprintf("should be xlm-roberta or bert, is %q", r.Type)}}
	}
	if err := r.config(1).Validate(); err != nil {
		return []schemas.Mistake{{Problem: err.Error()}}
	}
	return nil
}

// Files is the tokenizer.
func (r *Random) Files() ([]string, error) {
	if _, err := os.Stat(string(r.Tokenizer)); err != nil {
		return nil, fmt.Errorf("opening tokenizer: %w", err)
	}
	return []string{string(r.Tokenizer)}, nil
}

func (r *Random) read() ([]byte, error) {
	data, err := model.ReadSmall(os.DirFS(filepath.Dir(string(r.Tokenizer))), filepath.Base(string(r.Tokenizer)))
	var refused *fs.PathError
	if errors.As(err, &refused) {
		refused.Path = string(r.Tokenizer)
	}
	if err != nil {
		return nil, fmt.Errorf("opening tokenizer: %w", err)
	}
	return data, nil
}

// Inspect tells the sizes, with the tokenizer's vocabulary.
func (r *Random) Inspect() (model.Info, error) {
	data, err := r.read()
	if err != nil {
		return model.Info{}, err
	}
	t, err := tokenizer.Parse(data)
	if err != nil {
		return model.Info{}, fmt.Errorf("reading %s: %w", r.Tokenizer, err)
	}
	return model.NewInfo(r.config(t.VocabularySize())), nil
}

// Open draws the weights: those of the seed and of the number of the draw.
func (r *Random) Open(_ context.Context, seed uint64, _ func(done, total int64)) (*model.Model, error) {
	data, err := r.read()
	if err != nil {
		return nil, err
	}
	return model.New(r.config(1), data, seed+r.Draw<<32)
}
