package encoder

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

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
