package tokenizer

import "math"

// lattice sums over all ways to cut a word into pieces. It is for training: one goroutine at a time.
type lattice struct {
	trie     *trie
	scores   []float64
	forward  []float64 // log probability of all ways to cut the word up to a byte
	backward []float64 // and from it on
}

func newLattice(pieces []string, scores []float64) *lattice {
	keys := make([]key, len(pieces))
	for i, piece := range pieces {
		keys[i] = key{piece, int32(i)}
	}
	return &lattice{trie: newTrie(keys), scores: scores}
}

// arcs calls fn for every piece in word, in the order of its start and then its end.
func (l *lattice) arcs(word string, fn func(start, end int, id int32)) {
	for start := range word {
		node := int32(0)
		for end := start; end < len(word); {
			if node = l.trie.step(node, word[end]); node < 0 {
				break
			}
			end++
			if id := l.trie.units[node].id; id >= 0 {
				fn(start, end, id)
			}
		}
	}
}

// expect adds to counts how often each piece is expected in w (Baum-Welch on a chain).
func (l *lattice) expect(w countedWord, counts []float64) {
	n := len(w.text)
	l.forward, l.backward = l.forward[:0], l.backward[:0]
	for range n + 1 {
		l.forward, l.backward = append(l.forward, math.Inf(-1)), append(l.backward, math.Inf(-1))
	}
	type arc struct {
		start, end int
		id         int32
	}
	var arcs []arc
	l.forward[0], l.backward[n] = 0, 0
	l.arcs(w.text, func(start, end int, id int32) {
		arcs = append(arcs, arc{start, end, id})
		l.forward[end] = logAdd(l.forward[end], l.forward[start]+l.scores[id])
	})
	for i := len(arcs) - 1; i >= 0; i-- {
		a := arcs[i]
		l.backward[a.start] = logAdd(l.backward[a.start], l.backward[a.end]+l.scores[a.id])
	}
	for _, a := range arcs {
		counts[a.id] += w.count * math.Exp(l.forward[a.start]+l.scores[a.id]+l.backward[a.end]-l.forward[n])
	}
}

// without returns the score of the best way to cut word that does not use the piece id.
func (l *lattice) without(word string, id int32) float64 {
	best := make([]float64, len(word)+1)
	for i := range best[1:] {
		best[i+1] = math.Inf(-1)
	}
	l.arcs(word, func(start, end int, other int32) {
		if other != id {
			best[end] = max(best[end], best[start]+l.scores[other])
		}
	})
	return best[len(word)]
}

// logAdd returns log(exp(a) + exp(b)).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
