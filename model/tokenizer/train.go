package tokenizer

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	longestPiece = 16 // characters
	seedsPer     = 10 // pieces to start from, as a multiple of the vocabulary asked for
	keepShare    = 0.75
	rarest       = 0.5 // expected count below which a piece is dropped
)

// specialTokens are the special tokens of a trained tokenizer, in the order of their ids.
var specialTokens = []string{"<s>", "<pad>", "</s>", "<unk>", "<mask>"}

// TrainUnigram learns a Unigram model (Kudo 2018) from texts and returns it as a tokenizer.json in the manner of
// XLM-R: <s>, <pad>, </s> and <unk> are ids 0 to 3 and <mask> is the last one; text is normalized to NFKC and cut at
// white space. The vocabulary has at most the given size, special tokens included, and fewer pieces where the texts do
// not give more. It is an error if it has no room for every character of the texts. Equal texts give equal bytes.
func TrainUnigram(texts iter.Seq[string], vocabulary int) ([]byte, error) {
	words := countWords(texts)
	if len(words) == 0 {
		return nil, errors.New("training a tokenizer: there is no text")
	}
	t := trainer{words: words, size: vocabulary - len(specialTokens)}
	t.seed()
	if t.characters > t.size {
		return nil, fmt.Errorf("training a tokenizer: %d pieces are too few for %d different characters and 5 special tokens", vocabulary, t.characters)
	}
	for {
		t.expectationMaximization()
		t.expectationMaximization()
		if len(t.pieces) <= t.size {
			break
		}
		t.prune()
	}
	return t.file()
}

// countedWord is a string with the number of times it occurs.
type countedWord struct {
	text  string
	count float64
}

// countWords counts the words of texts as the tokenizer that is trained will see them, in the order of their text.
func countWords(texts iter.Seq[string]) []countedWord {
	counts := map[string]float64{}
	for text := range texts {
		for _, word := range strings.Fields(norm.NFKC.String(validUTF8(text))) {
			for i, part := range strings.Split(word, "▁") {
				if i > 0 || part != "" {
					counts["▁"+part]++
				}
			}
		}
	}
	return sorted(counts)
}

func sorted(counts map[string]float64) []countedWord {
	var words []countedWord
	for _, text := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, countedWord{text, counts[text]})
	}
	return words
}

// trainer holds the pieces that are left; scores are log probabilities.
type trainer struct {
	words      []countedWord
	size       int // pieces wanted
	characters int // different characters: pieces that are never dropped
	pieces     []string
	scores     []float64
	counts     []float64 // expected counts from the last expectation step
}

// seed starts from all characters and those substrings that occur twice, best by count times length.
func (t *trainer) seed() {
	characters, substrings := map[string]float64{}, map[string]float64{}
	for _, w := range t.words {
		for start := range w.text {
			n := 0
			for i, r := range w.text[start:] {
				if n++; n > longestPiece {
					break
				}
				end := start + i + utf8.RuneLen(r)
				if n == 1 {
					characters[w.text[start:end]] += w.count
				} else {
					substrings[w.text[start:end]] += w.count
				}
			}
		}
	}
	t.characters = len(characters)
	seeds := slices.DeleteFunc(sorted(substrings), func(w countedWord) bool {
		return w.count < 2 || slices.Contains(specialTokens, w.text)
	})
	weight := func(w countedWord) float64 { return w.count * float64(utf8.RuneCountInString(w.text)) }
	slices.SortStableFunc(seeds, func(a, b countedWord) int { return cmp.Compare(weight(b), weight(a)) })
	seeds = append(sorted(characters), seeds[:min(len(seeds), seedsPer*max(t.size, 0))]...)
	for _, w := range seeds {
		t.pieces, t.counts = append(t.pieces, w.text), append(t.counts, weight(w))
	}
	t.maximize()
}

// expectationMaximization counts how often each piece is expected over all ways to cut the words, drops the pieces
// that are hardly ever used, and sets the scores by those counts.
func (t *trainer) expectationMaximization() {
	l := newLattice(t.pieces, t.scores)
	clear(t.counts)
	for _, w := range t.words {
		l.expect(w, t.counts)
	}
	t.keep(func(i int) bool { return t.counts[i] >= rarest })
	t.maximize()
}

// maximize sets the scores to log probabilities.
func (t *trainer) maximize() {
	total := 0.0
	for i := range t.counts {
		t.counts[i] = max(t.counts[i], rarest/2)
		total += t.counts[i]
	}
	t.scores = make([]float64, len(t.counts))
	for i, count := range t.counts {
		t.scores[i] = math.Log(count / total)
	}
}

// prune drops the pieces that the texts' likelihood misses least: those whose count times the loss in score, where
// other pieces stand for them, is lowest.
func (t *trainer) prune() {
	l := newLattice(t.pieces, t.scores)
	loss := make([]float64, len(t.pieces))
	var order []int
	for i := t.characters; i < len(t.pieces); i++ {
		order = append(order, i)
		loss[i] = t.counts[i] * (t.scores[i] - l.without(t.pieces[i], int32(i)))
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(loss[b], loss[a]) })
	left := max(t.size, int(keepShare*float64(len(t.pieces)))) - t.characters
	kept := make([]bool, len(t.pieces))
	for _, i := range order[:left] {
		kept[i] = true
	}
	t.keep(func(i int) bool { return kept[i] })
}

// keep drops the pieces that fn does not hold for, except characters.
func (t *trainer) keep(fn func(i int) bool) {
	n := 0
	for i := range t.pieces {
		if i < t.characters || fn(i) {
			t.pieces[n], t.counts[n] = t.pieces[i], t.counts[i]
			n++
		}
	}
	t.pieces, t.counts = t.pieces[:n], t.counts[:n]
}
