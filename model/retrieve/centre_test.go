package retrieve

import (
	"math"
	"slices"
	"testing"
)

// TestCentre has numbers worked out by hand.
func TestCentre(t *testing.T) {
	m := NewMean(2)
	m.Add([]float32{1, 10, 3, 20})
	m.Add([]float32{5, 30})
	m.Add(nil)
	mean := m.Vector()
	if !slices.Equal(mean, []float32{3, 20}) {
		t.Fatalf("mean %v, want [3 20]", mean)
	}
	vectors := []float32{6, 24, 3, 20, 3, 18}
	Centre(vectors, 2, mean)
	for i, want := range []float64{0.6, 0.8, 0, 0, 0, -1} {
		if !(math.Abs(float64(vectors[i])-want) <= 1e-7) {
			t.Fatalf("centred %v, want [0.6 0.8 0 0 0 -1]", vectors)
		}
	}
	if none := NewMean(3).Vector(); !slices.Equal(none, make([]float32, 3)) {
		t.Errorf("the mean of nothing is %v", none)
	}
}
