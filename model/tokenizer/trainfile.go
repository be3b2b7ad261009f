package tokenizer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// trainedFile is the tokenizer.json of a trained model but for the two parts that are made for each.
const trainedFile = `{
  "version": "1.0",
  "truncation": null,
  "padding": null,
  "added_tokens": [
    {"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
    {"id": 1, "content": "<pad>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
    {"id": 2, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
    {"id": 3, "content": "<unk>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
    {"id": %d, "content": "<mask>", "single_word": false, "lstrip": true, "rstrip": false, "normalized": false, "special": true}
  ],
  "normalizer": {"type": "NFKC"},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "WhitespaceSplit"},
    {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}
  ]},
  "post_processor": {
    "type": "TemplateProcessing",
    "single": [
      {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
      {"SpecialToken": {"id": "</s>", "type_id": 0}}
    ],
    "pair": [
      {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
      {"SpecialToken": {"id": "</s>", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}},
      {"Sequence": {"id": "B", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}
    ],
    "special_tokens": {
      "<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
      "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}
    }
  },
  "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
  "model": {"type": "Unigram", "unk_id": 3, "byte_fallback": false, "vocab": [
%s  ]}
}
`

// file returns the tokenizer.json, pieces by falling score. Scores have few digits, so that every JSON reader agrees
// on their last bit.
func (t *trainer) file() ([]byte, error) {
	order := make([]int, len(t.pieces))
	for i := range order {
		order[i] = i
		t.scores[i] = math.Round(t.scores[i]*1e6) / 1e6
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.scores[b], t.scores[a]), cmp.Compare(t.pieces[a], t.pieces[b]))
	})
	var vocabulary bytes.Buffer
	for _, special := range specialTokens[:4] {
		fmt.Fprintf(&vocabulary, "    [%q, 0],\n", special)
	}
	encoder := json.NewEncoder(&vocabulary)
	encoder.SetEscapeHTML(false)
	for _, i := range order {
		if err := encoder.Encode([]any{t.pieces[i], t.scores[i]}); err != nil {
			return nil, fmt.Errorf("writing tokenizer.json: %w", err)
		}
		vocabulary.Truncate(vocabulary.Len() - 1)
		vocabulary.WriteString(",\n")
	}
	vocabulary.WriteString("    [\"<mask>\", 0]\n")
	return fmt.Appendf(nil, trainedFile, 4+len(order), vocabulary.Bytes()), nil
}
