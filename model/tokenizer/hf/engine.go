//go:build hftokenizers

package hf

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/daulet/tokenizers"
)

// ErrNUL is the error for a text that holds a NUL character, where the binding would cut it off in silence.
var ErrNUL = errors.New("a text with a NUL character cannot pass through C")

// Tokenizer is a tokenizer.json in the hands of the Rust library. It is safe for concurrent use until it is closed.
type Tokenizer struct {
	rust *tokenizers.Tokenizer
}

// Parse reads a tokenizer.json. Its sections on truncation and padding are left out, as package tokenizer leaves them
// to the caller.
func Parse(tokenizerJSON []byte) (*Tokenizer, error) {
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(tokenizerJSON, &sections); err != nil {
		return nil, fmt.Errorf("reading tokenizer.json: %w", err)
	}
	sections["truncation"], sections["padding"] = json.RawMessage("null"), json.RawMessage("null")
	whole, err := json.Marshal(sections)
	if err != nil {
		return nil, fmt.Errorf("reading tokenizer.json: %w", err)
	}
	rust, err := tokenizers.FromBytes(whole)
	if err != nil {
		return nil, fmt.Errorf("reading tokenizer.json: %w", err)
	}
	return &Tokenizer{rust}, nil
}

// Encode appends the ids of text, with the special tokens of the template around. What is not UTF-8 becomes U+FFFD.
func (t *Tokenizer) Encode(dst []int32, text string) ([]int32, error) {
	if strings.IndexByte(text, 0) >= 0 {
		return dst, ErrNUL
	}
	encoding, err := t.rust.EncodeWithOptionsErr(text, true)
	if err != nil {
		return dst, fmt.Errorf("encoding %.60q: %w", text, err)
	}
	for _, id := range encoding.IDs {
		dst = append(dst, int32(id))
	}
	return dst, nil
}

// Close frees the library's memory.
func (t *Tokenizer) Close() error { return t.rust.Close() }
