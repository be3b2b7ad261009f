package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// A Usage notes which pieces a corpus uses. Any number of goroutines may add texts.
type Usage struct {
	watcher *Watcher
	file    []byte
	used    []atomic.Bool // by id
}

// NewUsage notes the pieces of a tokenizer.json. It returns an error for a BPE model: what its merges make on the way to a
// piece is in no text.
func NewUsage(tokenizerJSON []byte) (*Usage, error) {
	w, err := NewWatcher(tokenizerJSON)
	if err != nil {
		return nil, err
	}
	if _, err := newEditor(w.tokenizer, tokenizerJSON); err != nil {
		return nil, fmt.Errorf("changing tokenizer.json: %w", err)
	}
	return &Usage{w, tokenizerJSON, make([]atomic.Bool, w.tokenizer.size)}, nil
}

// Add notes the pieces of a text.
func (u *Usage) Add(text string) {
	w, isWordPiece := u.watcher.tokenizer.kind().(*wordPiece)
	u.watcher.Words(text, func(word []byte, ids []int32) {
		for _, id := range ids {
			u.mark(id)
		}
		if isWordPiece && len(ids) == 1 && ids[0] == w.unknown {
			w.match(0, word, u.mark)
		}
	})
}

func (u *Usage) mark(id int32) {
	if used := &u.used[id]; !used.Load() { // nearly always: no line of memory changes hands
		used.Store(true)
	}
}

// match calls mark for the pieces that a word is cut into, going on from node, until nothing fits: also those of a word that is
// unknown in the end, without which it might be cut another way and be known.
func (m *wordPiece) match(node int32, word []byte, mark func(int32)) {
	for ; node >= 0 && len(word) > 0; node = m.inner {
		id, length := m.trie.longest(node, word)
		if id < 0 {
			return
		}
		mark(id)
		word = word[length:]
	}
}

// Trim drops the pieces that no text used, but for added tokens, the unknown token, bytes of a byte fallback, the tokens whose
// id is below fixed and, with characters, pieces of one character. Every text that was added is cut as before:
//
// Unigram. The best way to cut a word uses pieces that stay, and its score stays. Ways that pieces had which are gone are
// ways less. A character without a piece of its own becomes unknown, which opens ways that were not there, but each of them
// scores less than the one with the piece did, as long as the score of unknown characters stays; it hangs on the lowest score
// of all, so that a piece with that score stays. The first of equal sums wins as before, since those before it were lower,
// and sums of floats do not rise when what is added falls.
//
// WordPiece. At each place the longest piece that fits was used and stays, and none is longer. That holds up to the place where
// an unknown word could not be cut further, the pieces of which stay too.
func (u *Usage) Trim(characters bool, fixed int) (*Edit, error) {
	e, err := newEditor(u.watcher.tokenizer, u.file)
	if err != nil {
		return nil, err
	}
	keep := u.kept(characters, fixed)
	e.entries = slices.DeleteFunc(e.entries, func(one entry) bool { return !keep[one.id] })
	edit, err := e.write(nil)
	if err == nil {
		_, err = Parse(edit.File)
	}
	if err != nil {
		return nil, fmt.Errorf("trimming tokenizer.json: %w", err)
	}
	return edit, nil
}

// kept tells which ids stay.
func (u *Usage) kept(characters bool, fixed int) []bool {
	t := u.watcher.tokenizer
	keep := make([]bool, t.size)
	for id := range keep {
		keep[id] = u.used[id].Load() || id < fixed
	}
	for _, list := range []*addedTokens{t.raw, t.normalized} {
		for _, token := range list.tokens {
			keep[token.ID] = true
		}
	}
	keep[t.model.unknownID()] = true
	prefix := ""
	switch m := t.kind().(type) {
	case *unigram:
		m.keep(keep)
	case *wordPiece:
		prefix = m.prefix
	}
	for id, piece := range t.pieces {
		if one := strings.TrimPrefix(piece, prefix); characters && (one == "" || utf8.RuneCountInString(one) == 1) {
			keep[id] = true
		}
	}
	return keep
}

// keep keeps the bytes, and one piece of the lowest score.
func (m *unigram) keep(keep []bool) {
	for _, id := range m.bytes {
		if id >= 0 {
			keep[id] = true
		}
	}
	lowest := slices.Min(m.scores)
	for id, score := range m.scores {
		if score == lowest && keep[id] {
			return
		}
	}
	keep[slices.Index(m.scores, lowest)] = true
}
