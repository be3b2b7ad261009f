package tokenizer

import (
	"fmt"
	"unicode/utf8"
)

// wordPiece cuts a word greedily into the longest pieces from the left; pieces that go on within a word carry a
// prefix such as ##. A word that cannot be cut, or is too long, becomes one unknown id.
type wordPiece struct {
	trie       *trie
	unknown    int32
	inner      int32 // node of the trie where the prefix ends; -1 if no piece has it
	characters int   // longer words are unknown
	prefix     string
}

func newWordPiece(pieces []key, unknown, prefix string, characters int) (*wordPiece, error) {
	m := &wordPiece{trie: newTrie(pieces), characters: characters, prefix: prefix}
	m.inner = m.trie.find(prefix)
	if m.unknown = m.id(unknown); m.unknown < 0 {
		return nil, fmt.Errorf("unk_token %q is not in the vocabulary", unknown)
	}
	return m, nil
}

func (m *wordPiece) id(piece string) int32 { return m.trie.id(piece) }

func (m *wordPiece) unknownID() int32 { return m.unknown }

// encode appends the ids of word's pieces.
func (m *wordPiece) encode(dst []int32, word []byte, _ *scratch) []int32 {
	first := len(dst)
	if len(word) > m.characters && utf8.RuneCount(word) > m.characters {
		return append(dst, m.unknown)
	}
	for node := int32(0); len(word) > 0; node = m.inner {
		id, length := int32(-1), 0
		if node >= 0 {
			id, length = m.trie.longest(node, word)
		}
		if id < 0 {
			return append(dst[:first], m.unknown)
		}
		dst = append(dst, id)
		word = word[length:]
	}
	return dst
}
