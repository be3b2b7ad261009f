package tokenizer

import (
	"iter"
	"slices"
	"strings"
	"unicode"
)

const (
	wordMark   = "▁"
	longestRun = 10 // pieces that one new piece may replace
)

// minedWord is a word, the places in it where its pieces begin and end, and which of these are known. A run of pieces that begins
// with the word begins with wordMark, whatever the vocabulary.
type minedWord struct {
	text  string
	count int64
	ends  []int  // ascending from 0
	known []bool // of the pieces before any were joined
}

func (m *unigram) cut(w *minedWord) {
	best := m.viterbi([]byte(w.text), &scratch{})
	w.ends = []int{len(w.text)}
	for end := len(w.text); end > 0; {
		w.known = append(w.known, best[end].id != m.unknown)
		end -= int(best[end].length)
		w.ends = append(w.ends, end)
	}
	slices.Reverse(w.ends)
	slices.Reverse(w.known)
}

// runs yields the runs of two pieces and more, none of them unknown.
func (w *minedWord) runs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range w.known {
			for j := i; j < len(w.known) && j < i+longestRun && w.known[j]; j++ {
				if j > i && !yield(w.text[w.ends[i]:w.ends[j+1]]) {
					return
				}
			}
		}
	}
}

// places calls fn for each place at which a run of the word's present pieces has that text, from the left and without
// overlaps, with the numbers of the piece that it begins with and of the one behind it.
func (w *minedWord) places(text string, fn func(from, to int)) {
	for i := 0; i+1 < len(w.ends); {
		end := w.ends[i] + len(text)
		j, ok := slices.BinarySearch(w.ends, end)
		if !ok || !strings.HasPrefix(w.text[w.ends[i]:], text) {
			i++
			continue
		}
		fn(i, j)
		i = j
	}
}

// isWordPart tells whether a text is of letters with their marks, after the mark of a word's beginning, with apostrophes at most
// between them: no punctuation is to become part of a piece.
func isWordPart(text string) bool {
	text = strings.TrimPrefix(text, wordMark)
	quoted := true
	for _, r := range text {
		quote := r == '\'' || r == '’'
		if quote && quoted || !quote && !unicode.IsLetter(r) && !unicode.IsMark(r) {
			return false
		}
		quoted = quote
	}
	return !quoted
}
