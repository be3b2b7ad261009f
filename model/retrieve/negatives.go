package retrieve

import (
	"math/rand/v2"
	"slices"
)

// Negatives say which of a query's hits become hard negatives.
type Negatives struct {
	First, Last int // ranks to choose among, from 1; Last 0 means all of them
	Count       int // to choose, if there are as many
	// A hit is too near to a relevant document, and perhaps relevant itself, if its score is above floor - Margin or
	// above floor - RelativeMargin * |floor|, floor being the relevant document's score. 0 allows any score.
	Margin, RelativeMargin float64
	// Random draws evenly among the ranks; else the best ones are taken.
	Random bool
}

// Margins tells whether scores decide.
func (n Negatives) Margins() bool { return n.Margin > 0 || n.RelativeMargin > 0 }

// Choose returns the places of those chosen, in order. Scores are those of hits that are not relevant, the best first;
// floor, the lowest score of a relevant document, matters where there is a margin. Ranks count the hits that are not too
// near, as in mine_hard_negatives of sentence-transformers. The same seed draws the same ones.
func (n Negatives) Choose(scores []float64, floor float64, seed uint64) []int {
	first := 0
	if n.Margins() {
		limit := min(floor-n.Margin, floor-n.RelativeMargin*max(floor, -floor))
		for first < len(scores) && scores[first] > limit {
			first++
		}
	}
	end := len(scores)
	if n.Last > 0 {
		end = min(end, first+n.Last)
	}
	first += n.First - 1
	count := min(n.Count, end-first)
	if count <= 0 {
		return nil
	}
	chosen := make([]int, count)
	draw := rand.New(rand.NewPCG(seed, 0)).Perm(end - first)
	for i := range chosen {
		chosen[i] = first + i
		if n.Random {
			chosen[i] = first + draw[i]
		}
	}
	slices.Sort(chosen)
	return chosen
}
