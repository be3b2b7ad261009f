package train

import (
	"math"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/model/ot"
)

// taught is the contrastive loss of the student's vectors, mean over the sides, against the teacher's of the batch.
type taught struct{ temperature float32 }

func (c taught) join(b *batch, scale float32) (loss float64) {
	share := 1 / float64(b.sides)
	for side := range b.sides {
		from, to := side*b.n*b.d, (side+1)*b.n*b.d
		loss += share * infoNCE(b.dVectors[from:to], nil, b.vectors[from:to], b.teacher, b.d, c.temperature, float32(float64(scale)*share), nil)
	}
	return loss
}

// own is the contrastive loss of the student's vectors of translations against its own of the source texts.
type own struct{ temperature float32 }

func (c own) join(b *batch, scale float32) float64 {
	half := b.n * b.d
	return infoNCE(b.dVectors[half:], b.dVectors[:half], b.vectors[half:], b.vectors[:half], b.d, c.temperature, scale, nil)
}

// infoNCE returns the contrastive loss (arXiv 1807.03748): the mean over rows i of a of the cross-entropy of the softmax
// over j of cos(a[i], b[j]) / temperature against j = i. a is (rows, d), b (columns, d), and rows of b beyond those of a are
// further negatives. It adds scale times the gradient to da, and to db unless that is nil.
//
// A row j of b that equals row i to the bit is the same text again, and is no negative of row i; nor is one that is masked.
// A nil masked masks none.
func infoNCE(da, db, a, b []float32, d int, temperature, scale float32, masked func(i, j int) bool) float64 {
	rows, columns := len(a)/d, len(b)/d
	unitA, unitB := make([]float32, rows*d), make([]float32, columns*d)
	inverseA, inverseB := make([]float32, rows), make([]float32, columns)
	ot.Unit(unitA, inverseA, a, d)
	ot.Unit(unitB, inverseB, b, d)

	logits := make([]float32, rows*columns)
	kernel.Gemm(false, true, rows, columns, d, 1/temperature, unitA, d, unitB, d, 0, logits, columns)
	loss := 0.0
	for i := range rows {
		row := logits[i*columns : (i+1)*columns]
		for j := range row {
			if j != i && (slices.Equal(b[i*d:(i+1)*d], b[j*d:(j+1)*d]) || masked != nil && masked(i, j)) {
				row[j] = -1e30
			}
		}
		loss += crossEntropy(row, i) / float64(rows)
	}

	kernel.Scale(scale/(temperature*float32(rows)), logits) // now their gradient
	dUnit := make([]float32, columns*d)
	kernel.Gemm(false, false, rows, d, columns, 1, logits, columns, unitB, d, 0, dUnit[:rows*d], d)
	ot.UnitGradient(da, dUnit[:rows*d], unitA, inverseA, d)
	if db != nil {
		kernel.Gemm(true, false, columns, d, rows, 1, logits, columns, unitA, d, 0, dUnit, d)
		ot.UnitGradient(db, dUnit, unitB, inverseB, d)
	}
	return loss
}

// crossEntropy returns -log softmax(logits)[target], and replaces the logits by the gradient of that.
func crossEntropy(logits []float32, target int) float64 {
	top := slices.Max(logits)
	for j := range logits {
		logits[j] -= top
	}
	right := float64(logits[target])
	kernel.Exp(logits, logits)
	sum := float32(0)
	for _, x := range logits {
		sum += x
	}
	kernel.Scale(1/sum, logits)
	logits[target]--
	return math.Log(float64(sum)) - right
}
