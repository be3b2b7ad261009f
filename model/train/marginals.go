package train

import "math"

// The names of the masses that content tokens have.
const (
	Uniform = "uniform" // all the same
	Norm    = "norm"    // the length of the token's vector, less the centre: short ones say little
	IDF     = "idf"     // inverse document frequency over the run's texts: ln((1 + texts) / (1 + texts with the token)) + 1
)

// weigh gives the tokens of every sequence masses that sum to 1; ids are those of the texts that the cloud was made of,
// idf the frequencies by id. Uniform masses stay nil, which solvers take for them.
func (c *cloud) weigh(s *scratch, marginals string, ids []int32, idf []float32) {
	if marginals == Uniform {
		return
	}
	c.masses = s.take(len(c.places))
	for k, t := range c.places {
		switch {
		case marginals == IDF:
			c.masses[k] = idf[ids[t]]
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
