package tokenizer

import (
	"fmt"
	"iter"
	"strings"
)

// An Addition is a piece to be added to a vocabulary.
type Addition struct {
	Piece    string
	Count    int64    // how often it stands in the words that it was mined from
	Saved    int64    // tokens that it saves there, beside those that earlier additions save
	Replaced []string // the pieces that it stands for
	ids      []int32
	score    float64
}

// bonus is by how much a new piece scores more than those that it replaces, for each of them but one.
const bonus = 1e-3

// An extendable model can take pieces of which each stands for a run of those that it cuts words into now.
type extendable interface {
	model
	// cut cuts a mined word.
	cut(w *minedWord)
	// spelled returns a run as a piece of the vocabulary.
	spelled(run string) string
	// replaced returns the ids that a run is cut into.
	replaced(run string) []int32
	// price makes sure that words are cut into additions, and returns those that do no harm to the words that were mined.
	price(added []Addition, words []minedWord) []Addition
}

// Extend adds at most n pieces to a vocabulary: those that save most tokens in words, which Watcher.Words told, with their
// counts, and that occur at least minCount times. Equal words give equal additions.
//
// A new piece stands for two or more that the words are cut into now. In a Unigram vocabulary its score is the sum of theirs and
// a bonus of a thousandth for each token that it saves. So the best way to cut a word is the one that was best before, with as
// many of its pieces replaced as possible; only ways whose scores were closer than the bonus may change places, which is rare.
// Scores of new pieces may be the lowest of the vocabulary, and an unknown character scores less then: it still wins where no
// piece covers it, which is where it won before.
//
// WordPiece takes the longest piece whatever follows, so that a new one may leave a rest that takes more pieces, or that none
// covers. New pieces for which one of words would be cut into more pieces than before, or become unknown, are left out; other
// words may.
func Extend(tokenizerJSON []byte, words iter.Seq2[string, int64], n int, minCount int64) (*Edit, []Addition, error) {
	t, err := Parse(tokenizerJSON)
	if err != nil {
		return nil, nil, err
	}
	m, ok := t.model.(extendable)
	if !ok {
		return nil, nil, fmt.Errorf("extending tokenizer.json: %w", errKind)
	}
	e, err := newEditor(t, tokenizerJSON)
	if err != nil {
		return nil, nil, fmt.Errorf("extending tokenizer.json: %w", err)
	}
	d := newMine(m, words, minCount, t.isToken)
	added := d.dig(n)
	for i := range added {
		a := &added[i]
		a.ids, a.Piece = m.replaced(a.Piece), m.spelled(a.Piece)
		for _, id := range a.ids {
			a.Replaced = append(a.Replaced, t.pieces[id])
		}
	}
	added = m.price(added, d.words)
	edit, err := e.write(added)
	if err == nil {
		_, err = Parse(edit.File)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("extending tokenizer.json: %w", err)
	}
	return edit, added, nil
}

// isToken tells whether a text is a piece or an added token.
func (t *Tokenizer) isToken(text string) bool {
	if t.model.id(text) >= 0 {
		return true
	}
	for _, content := range t.extra {
		if strings.Contains(text, content) {
			return true
		}
	}
	return false
}

func (m *unigram) spelled(run string) string { return run }

func (m *unigram) replaced(run string) []int32 { return m.encode(nil, []byte(run), &scratch{}) }

// price sets the scores of additions.
func (m *unigram) price(added []Addition, _ []minedWord) []Addition {
	for i := range added {
		a := &added[i]
		for _, id := range a.ids {
			a.score += m.scores[id]
		}
		a.score += bonus * float64(len(a.ids)-1)
	}
	return added
}
