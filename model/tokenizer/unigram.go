package tokenizer

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// unknownPenalty is how far the score of an unknown character lies below the lowest score in the vocabulary.
const unknownPenalty = 10

// unigram cuts a word into the pieces whose scores, log probabilities, have the highest sum (Kudo 2018). Scores are
// summed in float64, from left to right, and the first of equal sums wins: that decides ties as the Rust library does.
type unigram struct {
	trie         *trie
	scores       []float64
	unknown      int32
	unknownScore float64
	bytes        []int32 // ids of <0x00> to <0xFF>, -1 where there is none; nil without byte fallback
}

func newUnigram(pieces []string, scores []float64, unknown int, byteFallback bool) (*unigram, error) {
	if unknown < 0 || unknown >= len(pieces) {
		return nil, fmt.Errorf("unk_id %d is not in the vocabulary of %d pieces", unknown, len(pieces))
	}
	if slices.ContainsFunc(scores, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }) {
		return nil, errors.New("a score is not finite")
	}
	keys := make([]key, len(pieces))
	for i, piece := range pieces {
		keys[i] = key{piece, int32(i)}
	}
	m := &unigram{trie: newTrie(keys), scores: scores, unknown: int32(unknown), unknownScore: slices.Min(scores) - unknownPenalty}
	if byteFallback {
		m.bytes = byteIDs(m)
	}
	return m, nil
}

func (m *unigram) id(piece string) int32 { return m.trie.id(piece) }

// arrival is the best way to cut a word up to some byte.
type arrival struct {
	score  float64
	length int32 // of the last piece, in bytes; 0 while there is no way
	id     int32
}

func (m *unigram) unknownID() int32 { return m.unknown }

// encode appends the ids of word's pieces; neighbouring unknown characters become one id.
func (m *unigram) encode(dst []int32, word []byte, s *scratch) []int32 {
	best := m.viterbi(word, s)
	first := len(dst)
	for end := len(word); end > 0; {
		start := end - int(best[end].length)
		if best[end].id != m.unknown {
			dst = append(dst, best[end].id)
			end = start
			continue
		}
		for start > 0 && best[start].id == m.unknown {
			start -= int(best[start].length)
		}
		dst = m.appendUnknown(dst, word[start:end])
		end = start
	}
	slices.Reverse(dst[first:])
	return dst
}

// viterbi returns the best arrival at every byte of word that is a character's end.
func (m *unigram) viterbi(word []byte, s *scratch) []arrival {
	s.best = slices.Grow(s.best[:0], len(word)+1)
	best := s.best[:len(word)+1]
	clear(best)
	units, scores := m.trie.units, m.scores
	for at := 0; at < len(word); {
		size, so, single := runeLength(word[at]), best[at].score, false
		node := int32(0)
		for end := at; end < len(word); {
			child := units[node].base ^ int32(word[end])
			u := &units[child]
			if u.parent != node || child == 0 {
				break
			}
			node = child
			end++
			if u.id < 0 {
				continue
			}
			score := so + scores[u.id]
			if b := &best[end]; b.length == 0 || score > b.score {
				*b = arrival{score, int32(end - at), u.id}
			}
			single = single || end-at == size
		}
		if !single {
			score := so + m.unknownScore
			if b := &best[at+size]; b.length == 0 || score > b.score {
				*b = arrival{score, int32(size), m.unknown}
			}
		}
		at += size
	}
	return best
}

// appendUnknown appends what stands for text that no piece covers, last id first: its bytes where the model has them,
// else the unknown id. A text that is a piece by itself, such as a literal <unk>, keeps that piece's id.
func (m *unigram) appendUnknown(dst []int32, text []byte) []int32 {
	if id := m.id(view(text)); id >= 0 {
		return append(dst, id)
	}
	if m.bytes == nil || slices.ContainsFunc(text, func(b byte) bool { return m.bytes[b] < 0 }) {
		return append(dst, m.unknown)
	}
	for _, b := range slices.Backward(text) {
		dst = append(dst, m.bytes[b])
	}
	return dst
}

// runeLength returns the length of the character that starts with byte b, in valid UTF-8.
func runeLength(b byte) int {
	switch {
	case b < 0xC0:
		return 1
	case b < 0xE0:
		return 2
	case b < 0xF0:
		return 3
	}
	return 4
}
