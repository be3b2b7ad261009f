package train

import (
	"math"
	"slices"
	"testing"
)

func TestMarginals(t *testing.T) {
	texts := ragged([]int32{0, 5, 6, 5, 2}, []int32{0, 5, 2}, []int32{0, 2})
	hidden := make([]float32, 2*len(texts.IDs))
	for i := range texts.IDs {
		hidden[2*i] = float32(i)
	}
	idf := inverseDocumentFrequency(texts)
	for id, n := range map[int]float64{0: 3, 2: 3, 5: 2, 6: 1} {
		if want := math.Log(4/(1+n)) + 1; math.Abs(float64(idf[id])-want) > 1e-6 {
			t.Errorf("the IDF of %d is %v, want %v", id, idf[id], want)
		}
	}
	common, rare := math.Log(4./3)+1, math.Log(4./2)+1
	for name, want := range map[string][]float64{
		Uniform: nil,
		// Tokens 1, 2 and 3 of the first text, 1 of the second, and, as it has no content, both of the third.
		Norm: {1. / 6, 2. / 6, 3. / 6, 1, 8. / 17, 9. / 17},
		IDF:  {common / (2*common + rare), rare / (2*common + rare), common / (2*common + rare), 1, 0.5, 0.5},
	} {
		s := new(scratch)
		c := newCloud(s, hidden, texts, 0, 3, Content{Special: special}, nil, 2)
		c.weigh(s, name, texts.IDs, idf)
		if !slices.EqualFunc(c.masses, want, func(x float32, y float64) bool { return math.Abs(float64(x)-y) < 1e-6 }) {
			t.Errorf("%s: masses %v, want %v", name, c.masses, want)
		}
	}
	c := newCloud(new(scratch), make([]float32, len(hidden)), texts, 0, 1, Content{Special: special}, nil, 2)
	if c.weigh(new(scratch), Norm, texts.IDs, nil); !slices.Equal(c.masses, []float32{1. / 3, 1. / 3, 1. / 3}) {
		t.Errorf("vectors of no length: masses %v", c.masses)
	}
}
