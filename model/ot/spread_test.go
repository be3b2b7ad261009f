package ot

import (
	"math"
	"testing"
)

// TestSpread has plans whose spread is known: one link a row, all links alike, and two of five columns.
func TestSpread(t *testing.T) {
	for _, c := range []struct {
		plan  []float32
		shape Shape
		want  float64
	}{
		{[]float32{0.5, 0, 0, 0, 0, 0.5}, Shape{2, 3}, 0},
		{[]float32{0.1, 0.1, 0.1, 0.2, 0.2, 0.2}, Shape{2, 3}, 1},
		{[]float32{0.2, 0, 0.2, 0, 0, 0, 0, 0, 0, 0}, Shape{2, 5}, 0.25},
		{[]float32{1}, Shape{1, 1}, 0},
	} {
		if got := Spread(c.plan, c.shape); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%v: %v, want %v", c.plan, got, c.want)
		}
	}
}
