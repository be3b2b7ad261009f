package model

import "slices"

// roles are what transformers calls the special tokens of XLM-R and BERT.
var roles = map[string][]string{
	"<s>": {"bos_token", "cls_token"}, "</s>": {"eos_token", "sep_token"},
	"<pad>": {"pad_token"}, "<unk>": {"unk_token"}, "<mask>": {"mask_token"},
	"[CLS]": {"cls_token"}, "[SEP]": {"sep_token"},
	"[PAD]": {"pad_token"}, "[UNK]": {"unk_token"}, "[MASK]": {"mask_token"},
}

// tokenizerConfig is a tokenizer_config.json that lets transformers' AutoTokenizer use tokenizer.json as it is. Where
// there is none, it takes only the vocabulary and makes the rest as the model's type usually has it, so that other ids
// come out wherever the normalizer differs.
func (m *Model) tokenizerConfig() []byte {
	config := map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": m.MaxTokens}
	for id := range int32(m.Tokenizer.VocabularySize()) {
		piece := m.Tokenizer.Piece(id)
		for _, role := range roles[piece] {
			config[role] = piece
		}
	}
	return jsonOf(config)
}

// MaskID returns the id of the token that stands for a masked one, or -1 if there is none.
func (m *Model) MaskID() int32 {
	for id := range int32(m.Tokenizer.VocabularySize()) {
		if slices.Contains(roles[m.Tokenizer.Piece(id)], "mask_token") && m.Tokenizer.IsSpecial(id) {
			return id
		}
	}
	return -1
}
