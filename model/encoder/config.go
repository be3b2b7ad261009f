package encoder

import "fmt"

// The types of model that the encoder runs, as config.json names them.
const (
	BERT       = "bert"
	RoBERTa    = "roberta"
	XLMRoBERTa = "xlm-roberta"
)

// A Config holds the sizes of an encoder. The zero values of Epsilon and PositionOffset are not defaults: make a Config
// with NewConfig or ParseConfig.
type Config struct {
	ModelType      string  // bert, roberta or xlm-roberta
	Hidden         int     // width of a token's vector
	Layers         int     // number of Transformer layers
	Heads          int     // attention heads of a layer; divides Hidden
	FFN            int     // width of the feed-forward layer
	Vocabulary     int     // rows of the word embedding table
	Positions      int     // rows of the position table, PositionOffset included
	TokenTypes     int     // rows of the token type table; every token has type 0
	Epsilon        float32 // added to the variance in layer normalisation
	PositionOffset int     // position of a sequence's first token: 0, or padding id + 1 for the roberta types
	Dropout        float32 // probability in the checkpoint's own training; see Workspace.Dropout
	Projection     int     // width that the last hidden states are projected to; 0: they stay as they are

	untied bool   // the language modelling head has embeddings of its own
	source string // config.json as it was read, for the keys that are not above
}

// NewConfig returns a configuration of the given type and sizes that takes sequences of up to maxTokens tokens, with
// what its type usually has for the rest.
func NewConfig(modelType string, hidden, layers, heads, ffn, vocabulary, maxTokens int) Config {
	c := Config{ModelType: modelType, Hidden: hidden, Layers: layers, Heads: heads, FFN: ffn, Vocabulary: vocabulary,
		Positions: maxTokens, TokenTypes: 2, Epsilon: 1e-12, Dropout: 0.1}
	if modelType != BERT {
		c.Positions, c.PositionOffset, c.TokenTypes, c.Epsilon = maxTokens+2, 2, 1, 1e-5
	}
	return c
}

// Width is the width of the vectors that Forward returns.
func (c Config) Width() int {
	if c.Projection > 0 {
		return c.Projection
	}
	return c.Hidden
}

// MaxTokens is the length of the longest sequence that the positions allow.
func (c Config) MaxTokens() int { return c.Positions - c.PositionOffset }

// Validate returns an error that names the first size that cannot be.
func (c Config) Validate() error {
	for _, size := range []struct {
		key        string
		value, max int
	}{
		{keyHidden, c.Hidden, 1 << 16}, {keyLayers, c.Layers, 1 << 10}, {keyHeads, c.Heads, 1 << 10},
		{keyFFN, c.FFN, 1 << 18}, {keyVocabulary, c.Vocabulary, 1 << 24}, {keyPositions, c.Positions, 1 << 20},
		{keyTokenTypes, c.TokenTypes, 1 << 10}, {keyPadding, c.PositionOffset + 1, 1 << 20},
	} {
		if size.value < 1 || size.value > size.max {
			return fmt.Errorf("checking model configuration: %s is %d, not between 1 and %d", size.key, size.value, size.max)
		}
	}
	if c.Hidden%c.Heads != 0 {
		return fmt.Errorf("checking model configuration: %s %d is not a multiple of %s %d", keyHidden, c.Hidden, keyHeads, c.Heads)
	}
	if c.MaxTokens() < 1 {
		return fmt.Errorf("checking model configuration: %s %d leaves no room behind position %d", keyPositions, c.Positions, c.PositionOffset)
	}
	if !(c.Epsilon > 0 && c.Epsilon < 1) {
		return fmt.Errorf("checking model configuration: %s is %v, not between 0 and 1", keyEpsilon, c.Epsilon)
	}
	return nil
}
