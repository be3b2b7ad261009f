package fasttext

import (
	"math"
	"strings"
)

// Probabilities returns how probable each label is, in the order of Labels, for a text, which is read as one line: line breaks
// are spaces. It is all zero if no word and no n-gram of the text is known. Of a model that was trained to answer for each label
// on its own, the sum need not be 1.
func (m *Model) Probabilities(text string) []float64 {
	p := make([]float64, len(m.Labels))
	hidden := m.hidden(text)
	if hidden == nil {
		return p
	}
	switch m.Loss {
	case hierarchicalSoftmax:
		m.descend(int32(len(m.tree)-1), 0, hidden, p)
	case softmax:
		m.softmax(hidden, p)
	default:
		for i := range p {
			p[i] = sigmoid(m.output.dotRow(int64(i), hidden))
		}
	}
	return p
}

// hidden is the mean of the rows of a text's words and n-grams; nil if there are none.
func (m *Model) hidden(text string) []float32 {
	sum, count := make([]float32, m.Dimensions), 0
	add := func(row int32) {
		m.input.addRow(int64(row), sum)
		count++
	}
	for word := range strings.FieldsFuncSeq(text, isSpace) {
		if word == endOfLine {
			break
		}
		if row, ok := m.words[word]; ok {
			add(row)
		} else if strings.HasPrefix(word, prefix) {
			continue
		}
		m.eachNgram("<"+word+">", add)
	}
	if row, ok := m.words[endOfLine]; ok {
		add(row)
	}
	if count == 0 {
		return nil
	}
	for i := range sum {
		sum[i] /= float32(count)
	}
	return sum
}

// endOfLine is the word that fastText puts at the end of every text, and takes for the end where it finds it.
const endOfLine = "</s>"

// isSpace is what fastText takes for a space: no other than ASCII's.
func isSpace(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' || r == 0 }

// eachNgram calls add with the row of every n-gram of a word that stands between < and >.
func (m *Model) eachNgram(word string, add func(row int32)) {
	for from := range len(word) {
		if continues(word[from]) {
			continue
		}
		hash, to := uint32(hashStart), from
		for n := int32(1); n <= m.MaxN && to < len(word); n++ {
			hash = hashByte(hash, word[to])
			for to++; to < len(word) && continues(word[to]); to++ {
				hash = hashByte(hash, word[to])
			}
			if n < m.MinN || n == 1 && (from == 0 || to == len(word)) {
				continue
			}
			row := int32(hash % uint32(m.Buckets))
			if m.kept != nil {
				kept, ok := m.kept[row]
				if !ok {
					continue
				}
				row = kept
			}
			add(int32(len(m.words)) + row)
		}
	}
}

// continues tells whether a byte is of a character that has begun before it.
func continues(b byte) bool { return b&0xC0 == 0x80 }

const hashStart = 2166136261

// hashByte is FNV-1a but for bytes from 0x80, which fastText takes for negative numbers.
func hashByte(hash uint32, b byte) uint32 { return (hash ^ uint32(int8(b))) * 16777619 }

func sigmoid(x float32) float64 { return 1 / (1 + math.Exp(-float64(x))) }

func (m *Model) softmax(hidden []float32, p []float64) {
	most := math.Inf(-1)
	for i := range p {
		p[i] = float64(m.output.dotRow(int64(i), hidden))
		most = max(most, p[i])
	}
	sum := 0.0
	for i := range p {
		p[i] = math.Exp(p[i] - most)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
}

// A node of the Huffman tree is a label, if it is one of the first, or has two nodes below it.
type node struct {
	count       int64
	left, right int32
}

// huffman builds the tree as fastText does from the labels' counts, which fall. The root is the last node.
func huffman(counts []int64) []node {
	labels := int32(len(counts))
	tree := make([]node, 2*labels-1)
	for i := range tree {
		tree[i].count = most
		if i < len(counts) {
			tree[i].count = counts[i]
		}
	}
	leaf, inner := labels-1, labels
	next := func() int32 {
		if leaf >= 0 && tree[leaf].count < tree[inner].count {
			leaf--
			return leaf + 1
		}
		inner++
		return inner - 1
	}
	for i := labels; i < int32(len(tree)); i++ {
		left := next()
		right := next()
		tree[i] = node{tree[left].count + tree[right].count, left, right}
	}
	return tree
}

// descend gives the labels below a node their probabilities, its own being exp(score).
func (m *Model) descend(at int32, score float64, hidden []float32, p []float64) {
	if at < int32(len(p)) {
		p[at] = math.Exp(score)
		return
	}
	right := sigmoid(m.output.dotRow(int64(at)-int64(len(p)), hidden))
	m.descend(m.tree[at].left, score+logarithm(1-right), hidden, p)
	m.descend(m.tree[at].right, score+logarithm(right), hidden, p)
}

// logarithm is fastText's, which is never infinite.
func logarithm(x float64) float64 { return math.Log(x + 1e-5) }
