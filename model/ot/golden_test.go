package ot

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// A golden problem was solved in float64 by POT; testdata/make_golden.py made it.
type golden struct {
	Name       string
	Epsilon    float32
	Rows       int
	Columns    int
	Cost, A, B []float32
	Plan       []float64
	Value      float64
}

func readGolden(t *testing.T) []golden {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Format   string
		Problems []golden
	}
	if err := json.Unmarshal(data, &file); err != nil || file.Format != "ferry ot golden 1" {
		t.Fatalf("reading golden.json: format %q, %v", file.Format, err)
	}
	return file.Problems
}

// TestAgainstPOT solves POT's problems in the domain that Sinkhorn chooses and on logarithms too.
func TestAgainstPOT(t *testing.T) {
	for _, g := range readGolden(t) {
		t.Run(g.Name, func(t *testing.T) {
			o := Options{Epsilon: g.Epsilon, Iterations: 5000, Tolerance: 2e-6}
			plan := make([]float32, len(g.Cost))
			reports, err := Sinkhorn(g.Cost, []Shape{{g.Rows, g.Columns}}, g.A, g.B, o, plan)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, g, plan, reports[0])
			compare(t, g, plan, solveLog(g, o, plan))
		})
	}
}

func solveLog(g golden, o Options, plan []float32) (r Report) {
	err := eachProblem(g.Cost, []Shape{{g.Rows, g.Columns}}, g.A, g.B, plan, func(_ int, p problem) error {
		var s solver
		if err := s.start(p); err != nil {
			return err
		}
		s.iterateLog(p, o, &r)
		p.measure(&r)
		return nil
	})
	if err != nil {
		panic(err)
	}
	return r
}

func compare(t *testing.T, g golden, plan []float32, r Report) {
	t.Helper()
	worst := 0.0
	for i, x := range plan {
		worst = math.Max(worst, math.Abs(float64(x)-g.Plan[i]))
	}
	if !(worst <= 1e-5) || !(math.Abs(float64(r.Value)-g.Value) <= 1e-5*math.Max(1, g.Value)) || !(r.MarginalError <= 1e-5) {
		t.Errorf("plan off by %.2g; value %v, want %v; %+v", worst, r.Value, g.Value, r)
	}
}
