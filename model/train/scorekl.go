package train

import (
	"math"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/model/ot"
)

// scoreKL returns the mean over rows i of a of the Kullback-Leibler divergence KL(t || s) of two distributions over the
// row's own documents: t is the softmax of teacher[i] / teacherTemperature, and s that of cos(a[i], b[k*rows+i]) /
// temperature over k. It adds scale times the gradient to da and db. a is (rows, d), b (documents * rows, d), and teacher
// (rows, documents). A document k of row i that is masked is in neither distribution; document 0 never is.
//
// ColBERTv2 (arXiv 2112.01488) is distilled so, from a cross-encoder.
func scoreKL(da, db, a, b, teacher []float32, d int, temperature, teacherTemperature, scale float32, masked func(i, k int) bool) float64 {
	rows := len(a) / d
	documents := len(b) / len(a)
	unitA, unitB := make([]float32, len(a)), make([]float32, len(b))
	inverseA, inverseB := make([]float32, rows), make([]float32, rows*documents)
	ot.Unit(unitA, inverseA, a, d)
	ot.Unit(unitB, inverseB, b, d)

	dUnitA, dUnitB := make([]float32, len(a)), make([]float32, len(b))
	student, target := make([]float64, documents), make([]float64, documents)
	loss := 0.0
	for i := range rows {
		row := func(x []float32, k int) []float32 { return x[(k*rows+i)*d : (k*rows+i+1)*d] }
		for k := range documents {
			student[k] = float64(kernel.Dot(row(unitA, 0), row(unitB, k))) / float64(temperature)
			target[k] = float64(teacher[i*documents+k]) / float64(teacherTemperature)
			if k > 0 && masked(i, k) {
				student[k], target[k] = math.Inf(-1), math.Inf(-1)
			}
		}
		logSoftmax(student)
		logSoftmax(target)
		for k, t := range target {
			if math.IsInf(t, -1) {
				continue
			}
			loss += math.Exp(t) * (t - student[k]) / float64(rows)
			g := float32((math.Exp(student[k]) - math.Exp(t)) * float64(scale) / float64(temperature) / float64(rows))
			kernel.Axpy(g, row(unitB, k), row(dUnitA, 0))
			kernel.Axpy(g, row(unitA, 0), row(dUnitB, k))
		}
	}
	ot.UnitGradient(da, dUnitA, unitA, inverseA, d)
	ot.UnitGradient(db, dUnitB, unitB, inverseB, d)
	return loss
}

// logSoftmax replaces logits by the logarithms of their softmax.
func logSoftmax(logits []float64) {
	top, sum := math.Inf(-1), 0.0
	for _, x := range logits {
		top = max(top, x)
	}
	for _, x := range logits {
		sum += math.Exp(x - top)
	}
	for k := range logits {
		logits[k] -= top + math.Log(sum)
	}
}
