package train

import (
	"math"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/model/ot"
)

// meanPool writes the mean hidden state of every sequence to vectors. hidden is (tokens, d), vectors is (sequences, d).
func meanPool(vectors, hidden []float32, offsets []int32, d int) {
	clear(vectors)
	for i := range len(offsets) - 1 {
		v := vectors[i*d : (i+1)*d]
		for t := offsets[i]; t < offsets[i+1]; t++ {
			kernel.Add(v, hidden[int(t)*d:int(t+1)*d])
		}
		kernel.Scale(1/float32(offsets[i+1]-offsets[i]), v)
	}
}

// meanPoolGradient adds to dHidden what the gradient with respect to the vectors of meanPool makes of it.
func meanPoolGradient(dHidden, dVectors []float32, offsets []int32, d int) {
	for i := range len(offsets) - 1 {
		share := 1 / float32(offsets[i+1]-offsets[i])
		for t := offsets[i]; t < offsets[i+1]; t++ {
			kernel.Axpy(share, dVectors[i*d:(i+1)*d], dHidden[int(t)*d:int(t+1)*d])
		}
	}
}

// pooled is so many times the loss pooled_mse.
type pooled struct{ times float32 }

func (p pooled) within(b *batch, m *microBatch, side int, scale float32) (float64, error) {
	mse := pooledMSE(b.rows(b.dVectors, side, m), b.rows(b.vectors, side, m), b.rows(b.teacher, 0, m), b.d, p.times*scale)
	return float64(p.times) * mse, nil
}

// pooledMSE returns the sum over rows of |s - t|^2, where s and t are the student's and the teacher's sentence vectors
// scaled to length 1, and adds scale times its gradient to dStudent. All are (rows, d). A row counts 2 - 2 cos(s, t),
// so 0 to 4, whatever d: there is no division by d.
func pooledMSE(dStudent, student, teacher []float32, d int, scale float32) float64 {
	rows := len(student) / d
	s, t := make([]float32, rows*d), make([]float32, rows*d)
	inverse := make([]float32, rows)
	ot.Unit(t, inverse, teacher, d)
	ot.Unit(s, inverse, student, d)
	kernel.Scale(-1, t)
	kernel.Add(t, s) // s - t
	sum := kernel.SumSquares(t)
	kernel.Scale(2*scale, t)
	ot.UnitGradient(dStudent, t, s, inverse, d)
	return sum
}

// meanCosine is the mean cosine between two different rows of vectors, (rows, d); 0 for fewer than two rows.
func meanCosine(vectors []float32, d int) float64 {
	rows := len(vectors) / d
	if rows < 2 {
		return 0
	}
	unit, inverse, sum := make([]float32, rows*d), make([]float32, rows), make([]float32, d)
	ot.Unit(unit, inverse, vectors, d)
	for i := range rows {
		kernel.Add(sum, unit[i*d:(i+1)*d])
	}
	return (kernel.SumSquares(sum) - kernel.SumSquares(unit)) / float64(rows*(rows-1))
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
