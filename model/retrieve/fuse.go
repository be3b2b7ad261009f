package retrieve

import "math"

// FuseRanks is reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): a
// document's score is the sum over lists of weight / (k + rank), for ranks from
// 1. Each list is one query's hits, best first; documents may be in several.
func FuseRanks(lists [][]Hit, weights []float64, k float64, top int) []Hit {
	return fuse(lists, weights, top, func(_ []Hit, i int) float64 { return 1 / (k + float64(i+1)) })
}

// FuseScores is the weighted sum of scores, each list's scaled from its lowest
// at 0 to its highest at 1; where they are all one, to 0.
func FuseScores(lists [][]Hit, weights []float64, top int) []Hit {
	return fuse(lists, weights, top, func(list []Hit, i int) float64 {
		low, high := float64(list[len(list)-1].Score), float64(list[0].Score)
		return (float64(list[i].Score) - low) / math.Max(high-low, 1e-9)
	})
}

// fuse adds up what the places in lists are worth.
func fuse(lists [][]Hit, weights []float64, top int, worth func(list []Hit, i int) float64) []Hit {
	sums := map[Document]float64{}
	for n, list := range lists {
		for i, h := range list {
			sums[h.Document] += weights[n] * worth(list, i)
		}
	}
	best := NewTopK(top)
	for document, sum := range sums { // in any order: a heap's result does not depend on it
		best.Add(Hit{document, float32(sum)})
	}
	return best.Hits()
}
