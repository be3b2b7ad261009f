package train

import (
	"context"
	"errors"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/ferry-clir/ferry/model/encoder"
)

// procrustesTexts is the most texts that a projection is fitted to.
const procrustesTexts = 4096

// Procrustes fits a projection of the student's sentence vectors to the teacher's of the same texts: text i of one batch
// is text i of the other, each by its own tokenizer. weight is (teacher's width, student's hidden size), bias (teacher's
// width). weight is a rotation, or has orthonormal rows or columns where the widths differ, times a scale; both come of
// the singular value decomposition of the covariance of the two (Schönemann 1966, with means and scale as in Schönemann
// and Carroll 1970). Of more than procrustesTexts texts it takes so many, evenly spread. Workers change no bit.
func Procrustes(ctx context.Context, teacher, student *encoder.Encoder, teacherIDs, studentIDs Ragged, workers int) (weight, bias []float32, err error) {
	switch {
	case student.Config.Projection > 0:
		return nil, nil, errors.New("fitting a projection: the student has one already")
	case teacherIDs.Sequences() != studentIDs.Sequences():
		return nil, nil, fmt.Errorf("fitting a projection: the teacher has %d texts, the student %d", teacherIDs.Sequences(), studentIDs.Sequences())
	case teacherIDs.Sequences() < 2:
		return nil, nil, errors.New("fitting a projection: it takes two texts at least")
	}
	samples := spread(procrustesTexts, teacherIDs.Sequences())
	to, err := sentenceVectors(ctx, teacher, teacherIDs, samples, workers)
	if err != nil {
		return nil, nil, fmt.Errorf("fitting a projection, teacher: %w", err)
	}
	from, err := sentenceVectors(ctx, student, studentIDs, samples, workers)
	if err != nil {
		return nil, nil, fmt.Errorf("fitting a projection: %w", err)
	}
	return procrustes(to, from)
}

// spread returns so many of n samples, or all of them, evenly spread.
func spread(most, n int) []int {
	samples := make([]int, min(most, n))
	for i := range samples {
		samples[i] = i * n / len(samples)
	}
	return samples
}

// sentenceVectors returns the mean hidden state of every text, a row each.
func sentenceVectors(ctx context.Context, e *encoder.Encoder, texts Ragged, samples []int, workers int) (*mat.Dense, error) {
	if err := e.Check(texts); err != nil {
		return nil, err
	}
	const at = 16 // texts at a time
	d := e.Config.Width()
	vectors := mat.NewDense(len(samples), d, nil)
	workspaces := make([]*encoder.Workspace, max(1, workers))
	each(len(workspaces), (len(samples)+at-1)/at, func(thread, i int) {
		if ctx.Err() != nil {
			return
		}
		if workspaces[thread] == nil {
			workspaces[thread] = encoder.NewWorkspace()
		}
		var chunk Ragged
		pick(&chunk, samples[i*at:min(i*at+at, len(samples))], texts)
		pooled := make([]float32, chunk.Sequences()*d)
		meanPool(pooled, e.Forward(workspaces[thread], chunk), chunk.Offsets, d)
		for k, x := range pooled {
			vectors.Set(i*at+k/d, k%d, float64(x))
		}
	})
	if !finite(mat.Sum(vectors)) {
		return nil, errors.New("the model gives vectors that are not finite; its weights are damaged or its training diverged")
	}
	return vectors, ctx.Err()
}

// procrustes finds weight and bias so that weight * from + bias is near to, row by row; to is (rows, outputs), from
// (rows, inputs). Both are overwritten.
func procrustes(to, from *mat.Dense) (weight, bias []float32, err error) {
	toMean, fromMean := centreRows(to), centreRows(from)
	var covariance, u, v, rotation, turned mat.Dense
	covariance.Mul(to.T(), from)
	var svd mat.SVD
	if !svd.Factorize(&covariance, mat.SVDThin) {
		return nil, nil, errors.New("fitting a projection: the singular values did not converge; the vectors may not be finite")
	}
	svd.UTo(&u)
	svd.VTo(&v)
	rotation.Mul(&u, v.T())
	turned.Mul(from, rotation.T())
	size, moved := mat.Norm(&turned, 2), 0.0
	for _, x := range svd.Values(nil) {
		moved += x
	}
	if !(size > 0 && moved > 0) {
		return nil, nil, errors.New("fitting a projection: the vectors of all texts are the same")
	}
	scale := moved / (size * size)
	outputs, inputs := rotation.Dims()
	weight, bias = make([]float32, outputs*inputs), make([]float32, outputs)
	for i := range outputs {
		shift := toMean[i]
		for j := range inputs {
			w := scale * rotation.At(i, j)
			weight[i*inputs+j] = float32(w)
			shift -= w * fromMean[j]
		}
		bias[i] = float32(shift)
	}
	return weight, bias, nil
}

// centreRows takes the mean off all rows and returns it.
func centreRows(m *mat.Dense) []float64 {
	rows, columns := m.Dims()
	mean := make([]float64, columns)
	for i := range rows {
		for j, x := range m.RawRowView(i) {
			mean[j] += x / float64(rows)
		}
	}
	for i := range rows {
		for j := range mean {
			m.RawRowView(i)[j] -= mean[j]
		}
	}
	return mean
}
