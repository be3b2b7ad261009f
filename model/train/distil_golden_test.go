package train

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/ferry-clir/ferry/model/ot"
)

// distilGolden is what SciPy and PyTorch computed in float64; testdata/make_distil_golden.py made it.
type distilGolden struct {
	Procrustes []struct {
		Rows, Outputs, Inputs  int
		To, From, Weight, Bias []float64
	}
	PooledCosine struct {
		Student, Teacher []float32
		Loss             float64
		Gradient         []float64
	} `json:"pooled_cosine"`
	Trust []struct {
		Temperature float64
		Vectors     [][]float32
		Weights     []float64
	}
}

func readDistilGolden(t *testing.T) distilGolden {
	return read[distilGolden](t, "distil.json", "ferry distil golden 1")
}

// TestProcrustesAgainstSciPy compares with scipy.linalg.orthogonal_procrustes.
func TestProcrustesAgainstSciPy(t *testing.T) {
	for _, g := range readDistilGolden(t).Procrustes {
		to, from := mat.NewDense(g.Rows, g.Outputs, slices.Clone(g.To)), mat.NewDense(g.Rows, g.Inputs, slices.Clone(g.From))
		weight, bias, err := procrustes(to, from)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "weight", weight, g.Weight, 1, 1e-6)
		near(t, "bias", bias, g.Bias, 1, 1e-6)
	}
}

func TestPooledCosineAgainstTorch(t *testing.T) {
	g := readDistilGolden(t).PooledCosine
	n := len(g.Student) / goldenWidth
	b := &batch{n: n, d: goldenWidth, vectors: g.Student, teacher: g.Teacher, dVectors: make([]float32, len(g.Student))}
	loss, err := pooled{times: 0.5}.within(b, &microBatch{end: n}, 0, 0.25)
	if err != nil {
		t.Fatal(err)
	}
	nearLoss(t, PooledCosine, loss, g.Loss)
	near(t, PooledCosine, b.dVectors, g.Gradient, 0.25, 1e-5)
}

// TestTrustAgainstTorch compares the weights of three teachers, where all texts are anchors.
func TestTrustAgainstTorch(t *testing.T) {
	for _, g := range readDistilGolden(t).Trust {
		n := len(g.Vectors[0]) / goldenWidth
		c := &council{temperature: g.Temperature, samples: spread(n, n)}
		for _, vectors := range g.Vectors {
			unit := make([]float32, len(vectors))
			ot.Unit(unit, make([]float32, n), vectors, goldenWidth)
			c.anchors = append(c.anchors, unit)
		}
		var got []float32
		for i := range n {
			weights, sum := make([]float64, len(g.Vectors)), 0.0
			for k, vectors := range g.Vectors {
				weights[k] = math.Exp(-c.entropy(k, i, slices.Clone(vectors[i*goldenWidth:(i+1)*goldenWidth])))
				sum += weights[k]
			}
			for _, w := range weights {
				got = append(got, float32(w/sum))
			}
		}
		near(t, "weights", got, g.Weights, 1, 1e-5)
	}
}
