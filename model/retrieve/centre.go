package retrieve

import (
	"math"

	"github.com/ferry-clir/ferry/model/kernel"
)

// Mean sums vectors of d dimensions up to their mean, block by block.
type Mean struct {
	sums []float64 // (d)
	rows int
}

// NewMean returns a Mean of no vectors.
func NewMean(d int) *Mean { return &Mean{sums: make([]float64, d)} }

// Add takes in vectors, (rows, d).
func (m *Mean) Add(vectors []float32) {
	d := len(m.sums)
	for ; len(vectors) >= d && d > 0; vectors = vectors[d:] {
		for i, v := range vectors[:d] {
			m.sums[i] += float64(v)
		}
		m.rows++
	}
}

// Vector returns the mean, (d); zeros where there was no vector.
func (m *Mean) Vector() []float32 {
	mean := make([]float32, len(m.sums))
	for i, sum := range m.sums {
		mean[i] = float32(sum / float64(max(1, m.rows)))
	}
	return mean
}

// Centre takes mean, (d), off every row of vectors, (rows, d), in place, and
// scales the rows to length 1. Encoders' vectors all point one way; what is
// left tells them apart. A row that equals the mean becomes zeros.
func Centre(vectors []float32, d int, mean []float32) {
	for ; len(vectors) >= d && d > 0; vectors = vectors[d:] {
		row := vectors[:d]
		kernel.Axpy(-1, mean, row)
		if square := kernel.SumSquares(row); square > 0 {
			kernel.Scale(float32(1/math.Sqrt(square)), row)
		}
	}
}
