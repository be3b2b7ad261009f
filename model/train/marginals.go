package train

import (
	"math"

	"github.com/ferry-clir/ferry/model/encoder"
)

// The names of the masses that content tokens have.
const (
	Uniform = "uniform" // all the same
	Norm    = "norm"    // the length of the token's vector, less the centre: short ones say little
	IDF     = "idf"     // inverse document frequency over the run's texts: ln((1 + texts) / (1 + texts with the token)) + 1

	// Attention is what a token receives in the last layer, in the mean over its heads and the content tokens of the text.
	Attention = "attention"
)

// attended has the encoders tell how much attention content tokens receive.
type attended struct{ teacher, student Content }

// received returns the attention that every token of r receives from its text's content tokens, in the mean, in the last layer
// of e, which has just run over r with w. It lies in s.
func received(s *scratch, e *encoder.Encoder, w *encoder.Workspace, r Ragged, which Content) []float32 {
	shares, sums := s.take(len(r.IDs)), s.take(len(r.IDs))
	var places []int32
	for i := range r.Sequences() {
		places = which.places(places[:0], r, i)
		for _, t := range places {
			shares[t] = 1 / float32(len(places))
		}
	}
	e.AttentionReceived(w, r, shares, sums)
	return sums
}

// weigh gives the tokens of every sequence masses that sum to 1; ids are those of the texts that the cloud was made of,
// idf the frequencies by id, attention what each of those ids receives. Uniform masses stay nil, which solvers take for them.
func (c *cloud) weigh(s *scratch, marginals string, ids []int32, idf, attention []float32) {
	if marginals == Uniform {
		return
	}
	c.masses = s.take(len(c.places))
	for k, t := range c.places {
		switch {
		case marginals == IDF:
			c.masses[k] = idf[ids[t]]
		case marginals == Attention:
			c.masses[k] = attention[t]
		case c.inverse[k] > 0:
			c.masses[k] = 1 / c.inverse[k]
		default:
			c.masses[k] = 0
		}
	}
	rest := c.masses
	for _, n := range c.sizes {
		balance(rest[:n])
		rest = rest[n:]
	}
}

// balance scales masses so that they sum to 1; where there are none, all get the same.
func balance(masses []float32) {
	total := 0.0
	for _, m := range masses {
		total += float64(m)
	}
	for i, m := range masses {
		if masses[i] = 1 / float32(len(masses)); total > 0 {
			masses[i] = float32(float64(m) / total)
		}
	}
}

// inverseDocumentFrequency returns the IDF of every token id that occurs, over all texts.
func inverseDocumentFrequency(sides ...Ragged) []float32 {
	most := int32(-1)
	for _, side := range sides {
		for _, id := range side.IDs {
			most = max(most, id)
		}
	}
	counts, last := make([]int, most+1), make([]int, most+1)
	texts := 0
	for _, side := range sides {
		for i := range side.Sequences() {
			texts++
			for _, id := range text(side, i) {
				if id >= 0 && last[id] != texts { // ids below 0 are refused later
					last[id] = texts
					counts[id]++
				}
			}
		}
	}
	idf := make([]float32, len(counts))
	for id, n := range counts {
		idf[id] = float32(math.Log(float64(1+texts)/float64(1+n)) + 1)
	}
	return idf
}
