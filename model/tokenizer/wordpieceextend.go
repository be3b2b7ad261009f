package tokenizer

import (
	"slices"
	"strings"
)

// cut puts the mark before a word, which WordPiece does not have.
func (m *wordPiece) cut(w *minedWord) {
	w.ends = []int{0}
	for _, p := range m.pieces(nil, []byte(w.text), &scratch{}) {
		w.ends = append(w.ends, len(wordMark)+int(p.end))
		w.known = append(w.known, p.id != m.unknown)
	}
	w.text = wordMark + w.text
}

func (m *wordPiece) spelled(run string) string {
	if first, ok := strings.CutPrefix(run, wordMark); ok {
		return first
	}
	return m.prefix + run
}

func (m *wordPiece) replaced(run string) (ids []int32) {
	rest, first := strings.CutPrefix(run, wordMark)
	node := m.inner
	if first {
		node = 0
	}
	m.match(node, []byte(rest), func(id int32) { ids = append(ids, id) })
	return ids
}

// price leaves out the additions that stand in a word which they cut into more pieces than before, or make unknown, until there
// is no such word.
func (m *wordPiece) price(added []Addition, words []minedWord) []Addition {
	for {
		var first, inner []key
		for i, a := range added {
			if rest, ok := strings.CutPrefix(a.Piece, m.prefix); ok {
				inner = append(inner, key{rest, int32(i)})
			} else {
				first = append(first, key{a.Piece, int32(i)})
			}
		}
		firsts, inners := newTrie(first), newTrie(inner)
		harmful := map[string]bool{}
		for _, w := range words {
			word := []byte(strings.TrimPrefix(w.text, wordMark))
			before := m.encode(nil, word, nil)
			if len(before) == 1 { // unknown: it may only become better
				continue
			}
			if pieces, used := m.attempt(firsts, inners, word); pieces == 0 || pieces > len(before) {
				for _, i := range used {
					harmful[added[i].Piece] = true
				}
			}
		}
		if len(harmful) == 0 {
			return added
		}
		added = slices.DeleteFunc(added, func(a Addition) bool { return harmful[a.Piece] })
	}
}

// attempt cuts a word with more pieces, those that begin it and those within it. It returns the number of pieces, 0 if the word
// is unknown, and the additions that it met with.
func (m *wordPiece) attempt(first, inner *trie, word []byte) (pieces int, used []int32) {
	node, more := int32(0), first
	for len(word) > 0 {
		length := 0
		if node >= 0 {
			_, length = m.trie.longest(node, word)
		}
		if i, longer := more.longest(0, word); longer > length {
			length, used = longer, append(used, i)
		}
		if length == 0 {
			return 0, used
		}
		pieces, word, node, more = pieces+1, word[length:], m.inner, inner
	}
	return pieces, used
}
