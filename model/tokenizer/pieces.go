package tokenizer

import "slices"

// piece is a piece of a word with its place there, in bytes.
type piece struct {
	id         int32
	start, end int32
}

// pieces appends word's pieces. Where bytes stand for an unknown text, each has the place of the whole.
func (m *unigram) pieces(dst []piece, word []byte, s *scratch) []piece {
	best := m.viterbi(word, s)
	first := len(dst)
	for end := len(word); end > 0; {
		start := end - int(best[end].length)
		for best[end].id == m.unknown && start > 0 && best[start].id == m.unknown {
			start -= int(best[start].length)
		}
		ids := append(s.ids[:0], best[end].id)
		if best[end].id == m.unknown {
			ids = m.appendUnknown(ids[:0], word[start:end])
		}
		for _, id := range ids {
			dst = append(dst, piece{id, int32(start), int32(end)})
		}
		s.ids, end = ids, start
	}
	slices.Reverse(dst[first:])
	return dst
}

// pieces appends word's pieces; an unknown word is one.
func (m *wordPiece) pieces(dst []piece, word []byte, s *scratch) []piece {
	s.ids = m.encode(s.ids[:0], word, s)
	if len(s.ids) == 1 {
		return append(dst, piece{s.ids[0], 0, int32(len(word))})
	}
	node, start := int32(0), 0
	for _, id := range s.ids {
		_, n := m.trie.longest(node, word[start:])
		dst = append(dst, piece{id, int32(start), int32(start + n)})
		node, start = m.inner, start+n
	}
	return dst
}

// pieces appends word's pieces. The places of those behind a dropped character are too low, as in the Rust library.
func (m *bpe) pieces(dst []piece, word []byte, s *scratch) []piece {
	if id := m.id(view(word)); m.ignoreMerges && id >= 0 {
		return append(dst, piece{id, 0, int32(len(word))})
	}
	start := int32(0)
	for _, p := range m.parts(word, s) {
		if p.length > 0 {
			dst = append(dst, piece{p.id, start, start + p.length})
			start += p.length
		}
	}
	return dst
}
