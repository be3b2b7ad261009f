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

// Encoding is a text as tokens, with the special tokens of the template around.
type Encoding struct {
	IDs   []int32
	Spans [][2]int32 // the bytes of the text, from and to, that each token is of; 0 to 0 for special tokens
}

// Encode turns text into tokens. What is not UTF-8 becomes U+FFFD, and spans count the bytes of that.
func (t *Tokenizer) Encode(text string) (Encoding, error) {
	if strings.IndexByte(text, 0) >= 0 {
		return Encoding{}, ErrNUL
	}
	made, err := t.rust.EncodeWithOptionsErr(text, true, tokenizers.WithReturnOffsets())
	if err != nil {
		return Encoding{}, fmt.Errorf("encoding %.60q: %w", text, err)
	}
	e := Encoding{make([]int32, len(made.IDs)), make([][2]int32, len(made.IDs))}
	for i, id := range made.IDs {
		e.IDs[i] = int32(id)
		e.Spans[i] = [2]int32{int32(made.Offsets[i][0]), int32(made.Offsets[i][1])}
	}
	return e, nil
}

// Close frees the library's memory.
func (t *Tokenizer) Close() error { return t.rust.Close() }
