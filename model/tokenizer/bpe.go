package tokenizer

import (
	"errors"
	"fmt"
	"math"
)

// bpe cuts a word into characters and merges neighbours, the pair that training merged first before all others, and of
// equal pairs the leftmost (Sennrich, Haddow, Birch 2016).
type bpe struct {
	trie         *trie
	merges       mergeTable
	unknown      int32   // -1 if there is none: characters that are no piece are dropped, as the Rust library does
	inner        int32   // node of the trie where the prefix of pieces within a word ends; -1 if no piece has it
	suffix       string  // of pieces that end a word
	bytes        []int32 // ids of <0x00> to <0xFF>, -1 where there is none; nil without byte fallback
	fuseUnknown  bool    // neighbouring unknown characters become one id
	ignoreMerges bool    // a word that is a piece is that piece, even where merging would not lead there
}

// noRank is that of a pair which is not merged.
const noRank = math.MaxInt32

// part is a piece of a word while it is merged, part of a doubly linked list; its place in the slice is that of its
// first character.
type part struct {
	id     int32
	length int32 // in bytes; 0 once the part before has taken it in
	before int32 // -1 at the start of the word
	next   int32 // len of the slice at the end
	rank   int32 // of merging with the next part
	merged int32 // the id that this gives
}

func newBPE(f *modelFile, keys []key, merges [][2]string) (*bpe, error) {
	m := &bpe{trie: newTrie(keys), unknown: -1, suffix: f.Suffix, fuseUnknown: f.FuseUnknown, ignoreMerges: f.IgnoreMerges}
	prefix := f.prefix()
	m.inner = m.trie.find(prefix)
	if f.Dropout > 0 {
		return nil, fmt.Errorf("dropout %v gives other ids every time; set it to null", f.Dropout)
	}
	if f.UnknownToken != "" {
		if m.unknown = m.id(f.UnknownToken); m.unknown < 0 {
			return nil, fmt.Errorf("unk_token %q is not in the vocabulary", f.UnknownToken)
		}
	}
	if f.ByteFallback {
		if prefix+f.Suffix != "" {
			return nil, errors.New("byte_fallback together with continuing_subword_prefix or end_of_word_suffix is not supported")
		}
		m.bytes = byteIDs(m)
	}
	m.merges = newMergeTable(len(merges))
	for i, pair := range merges {
		if len(pair[1]) < len(prefix) {
			return nil, fmt.Errorf("merges: the second part of entry %d, %q, has not the prefix %q", i, pair, prefix)
		}
		left, right, merged := m.id(pair[0]), m.id(pair[1]), m.id(pair[0]+pair[1][len(prefix):])
		if left < 0 || right < 0 || merged < 0 {
			return nil, fmt.Errorf("merges: entry %d, %q, merges what is not in the vocabulary", i, pair)
		}
		m.merges.set(left, right, merge{rank: int32(i), id: merged})
	}
	return m, nil
}

// byteIDs returns the ids of <0x00> to <0xFF>, -1 where there is none.
func byteIDs(m model) []int32 {
	ids := make([]int32, 256)
	for b := range ids {
		ids[b] = m.id(fmt.Sprintf("<0x%02X>", b))
	}
	return ids
}

func (m *bpe) id(piece string) int32 { return m.trie.id(piece) }

func (m *bpe) unknownID() int32 { return m.unknown }

// encode appends the ids of word's pieces.
func (m *bpe) encode(dst []int32, word []byte, s *scratch) []int32 {
	if m.ignoreMerges {
		if id := m.id(view(word)); id >= 0 {
			return append(dst, id)
		}
	}
	for _, p := range m.parts(word, s) {
		if p.length > 0 {
			dst = append(dst, p.id)
		}
	}
	return dst
}

// parts cuts word into its pieces; what was merged into another has length 0.
func (m *bpe) parts(word []byte, s *scratch) []part {
	s.parts = m.characters(s.parts[:0], word)
	for i := range s.parts {
		p := &s.parts[i]
		p.before, p.next = int32(i-1), int32(i+1)
		m.rate(s.parts, p)
	}
	if len(s.parts) <= fewParts {
		m.mergeFew(s.parts)
	} else {
		m.mergeMany(s)
	}
	return s.parts
}

// characters appends the characters of word as parts.
func (m *bpe) characters(parts []part, word []byte) []part {
	unknown := part{id: m.unknown} // what waits to be appended
	flush := func() {
		if unknown.length > 0 {
			parts = append(parts, unknown)
			unknown.length = 0
		}
	}
	for at := 0; at < len(word); {
		n := runeLength(word[at])
		node := int32(0)
		if at > 0 {
			node = m.inner
		}
		for i := 0; i < n && node >= 0; i++ {
			node = m.trie.step(node, word[at+i])
		}
		if at+n == len(word) {
			for i := 0; i < len(m.suffix) && node >= 0; i++ {
				node = m.trie.step(node, m.suffix[i])
			}
		}
		id := int32(-1)
		if node >= 0 {
			id = m.trie.units[node].id
		}
		switch {
		case id >= 0:
			flush()
			parts = append(parts, part{id: id, length: int32(n)})
		case m.bytes != nil && m.haveBytes(word[at:at+n]):
			for _, b := range word[at : at+n] {
				parts = append(parts, part{id: m.bytes[b], length: 1})
			}
		case m.unknown >= 0:
			if !m.fuseUnknown {
				flush()
			}
			unknown.length += int32(n)
		}
		at += n
	}
	flush()
	return parts
}

func (m *bpe) haveBytes(text []byte) bool {
	for _, b := range text {
		if m.bytes[b] < 0 {
			return false
		}
	}
	return true
}
