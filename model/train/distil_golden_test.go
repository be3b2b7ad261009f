package train

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// distilGolden is what SciPy and PyTorch computed in float64; testdata/make_distil_golden.py made it.
type distilGolden struct {
	Format     string
	Procrustes []struct {
		Rows, Outputs, Inputs  int
		To, From, Weight, Bias []float64
	}
}

func readDistilGolden(t *testing.T) (g distilGolden) {
	t.Helper()
	data, err := os.ReadFile("testdata/distil.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &g); err != nil || g.Format != "ferry distil golden 1" {
		t.Fatalf("reading distil.json: format %q, %v", g.Format, err)
	}
	return g
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
