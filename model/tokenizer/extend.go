package tokenizer

import (
	"errors"
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

// Extend adds at most n pieces to a Unigram vocabulary: those that save most tokens in words, which Watcher.Words told, with
// their counts, and that occur at least minCount times. Equal words give equal additions.
//
// A new piece stands for two or more that the words are cut into now. Its score is the sum of theirs and a bonus of a
// thousandth for each token that it saves. So the best way to cut a word is the one that was best before, with as many of its
// pieces replaced as possible; only ways whose scores were closer than the bonus may change places, which is rare. Scores of
// new pieces may be the lowest of the vocabulary, and an unknown character scores less then: it still wins where no piece
// covers it, which is where it won before.
func Extend(tokenizerJSON []byte, words iter.Seq2[string, int64], n int, minCount int64) (*Edit, []Addition, error) {
	t, err := Parse(tokenizerJSON)
	if err != nil {
		return nil, nil, err
	}
	m, ok := t.model.(*unigram)
	if !ok {
		return nil, nil, errors.New("extending tokenizer.json: only Unigram vocabularies can be extended: elsewhere, a longer piece may leave a rest that no piece covers")
	}
	e, err := newEditor(t, tokenizerJSON)
	if err != nil {
		return nil, nil, fmt.Errorf("extending tokenizer.json: %w", err)
	}
	added := newMine(m, words, minCount, t.isToken).dig(n)
	for i := range added {
		t.price(m, &added[i])
	}
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

// price sets the score of an addition, and what it replaces.
func (t *Tokenizer) price(m *unigram, a *Addition) {
	a.ids = m.encode(nil, []byte(a.Piece), &scratch{})
	for _, id := range a.ids {
		a.Replaced = append(a.Replaced, t.pieces[id])
		a.score += m.scores[id]
	}
	a.score += bonus * float64(len(a.ids)-1)
}
