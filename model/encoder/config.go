package encoder

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

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
	Dropout        float32 // probability in the checkpoint's own training; not applied

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

// MaxTokens is the length of the longest sequence that the positions allow.
func (c Config) MaxTokens() int { return c.Positions - c.PositionOffset }

// Keys of config.json.
const (
	keyType       = "model_type"
	keyHidden     = "hidden_size"
	keyLayers     = "num_hidden_layers"
	keyHeads      = "num_attention_heads"
	keyFFN        = "intermediate_size"
	keyVocabulary = "vocab_size"
	keyPositions  = "max_position_embeddings"
	keyTokenTypes = "type_vocab_size"
	keyEpsilon    = "layer_norm_eps"
	keyDropout    = "hidden_dropout_prob"
	keyPadding    = "pad_token_id"
	keyActivation = "hidden_act"
	keyPosition   = "position_embedding_type"
)

// ParseConfig reads a Hugging Face config.json. Keys that it does not know are kept for JSON.
func ParseConfig(data []byte) (Config, error) {
	c := Config{source: string(data)}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return Config{}, fmt.Errorf("parsing model configuration: %w", err)
	}
	maps.DeleteFunc(keys, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
	if err := decodeKeys(keys, map[string]any{keyType: &c.ModelType}); err != nil {
		return Config{}, err
	}
	if !slices.Contains([]string{BERT, RoBERTa, XLMRoBERTa}, c.ModelType) {
		return Config{}, fmt.Errorf("parsing model configuration: model_type %q is not supported; bert, roberta and xlm-roberta are", c.ModelType)
	}
	var missing []string
	for _, key := range []string{keyHidden, keyLayers, keyHeads, keyFFN, keyVocabulary, keyPositions} {
		if keys[key] == nil {
			missing = append(missing, key)
		}
	}
	if missing != nil {
		return Config{}, fmt.Errorf("parsing model configuration: %s missing", strings.Join(missing, ", "))
	}
	padding := 1
	c.TokenTypes, c.Epsilon = 2, 1e-12 // what transformers assumes for all three types
	activation, position, decoder, tied := "gelu", "absolute", false, true
	err := decodeKeys(keys, map[string]any{keyHidden: &c.Hidden, keyLayers: &c.Layers, keyHeads: &c.Heads,
		keyFFN: &c.FFN, keyVocabulary: &c.Vocabulary, keyPositions: &c.Positions, keyTokenTypes: &c.TokenTypes,
		keyEpsilon: &c.Epsilon, keyDropout: &c.Dropout, keyPadding: &padding, keyActivation: &activation,
		keyPosition: &position, "is_decoder": &decoder, "tie_word_embeddings": &tied})
	if err != nil {
		return Config{}, err
	}
	if c.ModelType != BERT {
		c.PositionOffset = padding + 1
	}
	c.untied = !tied
	switch {
	case activation != "gelu":
		return Config{}, fmt.Errorf("parsing model configuration: hidden_act %q is not supported; gelu is", activation)
	case position != "absolute":
		return Config{}, fmt.Errorf("parsing model configuration: position_embedding_type %q is not supported; absolute is", position)
	case decoder:
		return Config{}, fmt.Errorf("parsing model configuration: is_decoder is set, but only encoders are supported")
	}
	return c, c.Validate()
}

func decodeKeys(keys map[string]json.RawMessage, into map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(into)) {
		if value := keys[key]; value != nil {
			if err := json.Unmarshal(value, into[key]); err != nil {
				return fmt.Errorf("parsing model configuration: %s: %w", key, err)
			}
		}
	}
	return nil
}

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

// JSON returns c as a Hugging Face config.json, with all keys of the file that it came from.
func (c Config) JSON() []byte {
	keys := map[string]json.RawMessage{}
	put := func(key string, value any) { keys[key], _ = json.Marshal(value) } // strings and numbers cannot fail
	if c.source != "" {
		_ = json.Unmarshal([]byte(c.source), &keys) // ParseConfig has read it
	} else {
		put("architectures", []string{map[string]string{BERT: "BertModel", RoBERTa: "RobertaModel", XLMRoBERTa: "XLMRobertaModel"}[c.ModelType]})
		put(keyActivation, "gelu")
		put(keyPosition, "absolute")
		put("attention_probs_dropout_prob", c.Dropout)
		put(keyPadding, max(0, c.PositionOffset-1))
	}
	put(keyType, c.ModelType)
	put(keyHidden, c.Hidden)
	put(keyLayers, c.Layers)
	put(keyHeads, c.Heads)
	put(keyFFN, c.FFN)
	put(keyVocabulary, c.Vocabulary)
	put(keyPositions, c.Positions)
	put(keyTokenTypes, c.TokenTypes)
	put(keyEpsilon, c.Epsilon)
	put(keyDropout, c.Dropout)
	data, _ := json.MarshalIndent(keys, "", "  ")
	return append(data, '\n')
}
