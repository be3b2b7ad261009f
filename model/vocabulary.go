package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/ferry-clir/ferry/model/tokenizer"
)

// NewUsage notes which pieces of m's vocabulary a corpus uses, for Trimmed.
func (m *Model) NewUsage() (*tokenizer.Usage, error) {
	return tokenizer.NewUsage(m.files[tokenizerFile])
}

// NewWatcher tells the words of texts and what they are cut into, for Extended.
func (m *Model) NewWatcher() (*tokenizer.Watcher, error) {
	return tokenizer.NewWatcher(m.files[tokenizerFile])
}

// Trimmed returns m without the pieces that a corpus did not use; see tokenizer.Usage. Its hidden states for every text of the
// corpus are those of m to the bit.
func (m *Model) Trimmed(u *tokenizer.Usage, characters bool) (*Model, error) {
	// The roberta types count positions from the id of padding, which must not change then.
	edit, err := u.Trim(characters, m.Config.PositionOffset)
	if err != nil {
		return nil, err
	}
	return m.edited(edit)
}

// Extended returns m with at most n pieces more, mined from words that occur at least minCount times; see tokenizer.Extend.
// The embedding of each is the mean of those of the pieces that it replaces.
func (m *Model) Extended(words iter.Seq2[string, int64], n int, minCount int64) (*Model, []tokenizer.Addition, error) {
	edit, added, err := tokenizer.Extend(m.files[tokenizerFile], words, n, minCount)
	if err != nil {
		return nil, nil, err
	}
	extended, err := m.edited(edit)
	return extended, added, err
}

// edited returns m with another vocabulary.
func (m *Model) edited(edit *tokenizer.Edit) (*Model, error) {
	ids := edit.NewIDs()
	if padding := int32(m.Config.PositionOffset) - 1; padding >= 0 && ids[padding] != padding {
		return nil, fmt.Errorf("changing the vocabulary: the padding token would get the id %d, and this type of model counts positions from it, %d", ids[padding], padding)
	}
	copied := *m
	var err error
	if copied.Tokenizer, err = tokenizer.Parse(edit.File); err != nil {
		return nil, err
	}
	copied.Encoder = m.Encoder.WithVocabulary(edit.Rows)
	copied.Config = copied.Encoder.Config
	copied.files = map[string][]byte{}
	for name, data := range m.files {
		copied.files[name] = data
	}
	copied.files[tokenizerFile] = edit.File
	if _, ok := m.files[vocabularyFile]; ok {
		copied.files[vocabularyFile] = vocabularyText(copied.Tokenizer)
	}
	if data, ok := m.files[tokenizerConfigFile]; ok {
		if copied.files[tokenizerConfigFile], err = renumberAdded(data, ids); err != nil {
			return nil, fmt.Errorf("changing %s: %w", tokenizerConfigFile, err)
		}
	}
	return &copied, nil
}

// vocabularyText is a vocab.txt: a piece a line, in the order of their ids.
func vocabularyText(t *tokenizer.Tokenizer) []byte {
	var b strings.Builder
	for id := range int32(t.VocabularySize()) {
		b.WriteString(t.Piece(id) + "\n")
	}
	return []byte(b.String())
}

// renumberAdded changes the ids of added_tokens_decoder in a tokenizer_config.json.
func renumberAdded(data []byte, ids map[int32]int32) ([]byte, error) {
	var config map[string]json.RawMessage
	if err := json.Unmarshal(data, &config); err != nil {
		return nil, err
	}
	var added map[string]json.RawMessage
	if raw, ok := config["added_tokens_decoder"]; !ok {
		return data, nil
	} else if err := json.Unmarshal(raw, &added); err != nil {
		return nil, err
	}
	renumbered := map[string]json.RawMessage{}
	for old, token := range added {
		id, err := strconv.ParseInt(old, 10, 32)
		now, ok := ids[int32(id)]
		if err != nil || !ok {
			return nil, errors.New("added_tokens_decoder has the id " + old + ", which tokenizer.json has not")
		}
		renumbered[strconv.Itoa(int(now))] = token
	}
	raw, err := json.Marshal(renumbered)
	config["added_tokens_decoder"] = raw
	if err != nil {
		return nil, err
	}
	return jsonOf(config), nil
}
