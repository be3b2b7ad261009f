package kernel

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// A golden is one section of testdata/golden.json, which golden.py beside it writes.
type golden struct {
	X, Y, W, DX, DY, Gamma, Beta, DGamma, DBeta []float32
	Gradients                                   [][]float32
	Bits                                        []uint16
}

func readGolden(t *testing.T, section string) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var sections map[string]golden
	if err := json.Unmarshal(data, &sections); err != nil {
		t.Fatal(err)
	}
	g := sections[section]
	if len(g.X)+len(g.W) == 0 {
		t.Fatalf("no section %s", section)
	}
	return g
}

func compare(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if !near(got[i], float64(w), tolerance) {
			t.Errorf("%s: element %d is %g, want %g", what, i, got[i], w)
		}
	}
}

func TestActivationsAgainstTorch(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		g := readGolden(t, "gelu")
		y := make([]float32, len(g.X))
		GELU(y, g.X)
		compare(t, "GELU", y, g.Y, 1e-6)
		GELUBackward(y, g.X, g.DY)
		compare(t, "GELUBackward", y, g.DX, 2e-6)

		g = readGolden(t, "softmax")
		Softmax(g.X)
		compare(t, "Softmax", g.X, g.Y, 1e-7)
	})
}

func TestLayerNormAgainstTorch(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		g := readGolden(t, "layernorm")
		d := len(g.Gamma)
		rows := len(g.X) / d
		y, mean, rstd := make([]float32, rows*d), make([]float32, rows), make([]float32, rows)
		LayerNorm(y, g.X, g.Gamma, g.Beta, rows, d, 1e-5, mean, rstd)
		compare(t, "LayerNorm", y, g.Y, 1e-6)

		dgamma, dbeta := make([]float32, d), make([]float32, d)
		for i := range d {
			dgamma[i], dbeta[i] = 1, 2 // the gradients are added to these
			g.DGamma[i]++
			g.DBeta[i] += 2
		}
		LayerNormBackward(g.DY, dgamma, dbeta, g.X, g.DY, g.Gamma, mean, rstd, rows, d) // in place
		compare(t, "dx", g.DY, g.DX, 2e-6)
		compare(t, "dgamma", dgamma, g.DGamma, 2e-6)
		compare(t, "dbeta", dbeta, g.DBeta, 2e-6)

		LayerNorm(g.X, g.X, g.Gamma, g.Beta, rows, d, 1e-5, nil, nil)
		compare(t, "LayerNorm in place", g.X, y, 0)
	})
}

func TestAdamWAgainstTorch(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		g := readGolden(t, "adamw")
		m, v := make([]float32, len(g.W)), make([]float32, len(g.W))
		s := AdamWStep{LearningRate: 0.01, Beta1: 0.9, Beta2: 0.98, Epsilon: 1e-6, WeightDecay: 0.1, Scale: 1}
		for i, gradient := range g.Gradients {
			s.Correction1 = float32(1 - math.Pow(0.9, float64(i+1)))
			s.Correction2 = float32(1 - math.Pow(0.98, float64(i+1)))
			AdamW(s, g.W, m, v, gradient)
		}
		compare(t, "weights", g.W, g.Y, 1e-6)
	})
}

func TestFloat16AgainstNumPy(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		g := readGolden(t, "float16")
		bits := make([]uint16, len(g.X))
		ToFloat16(bits, g.X)
		for i, want := range g.Bits {
			if bits[i] != want {
				t.Errorf("%g becomes %#04x, want %#04x", g.X[i], bits[i], want)
			}
		}
	})
}
