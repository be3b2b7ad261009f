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
	Exact      float64      // value of the best plan without entropy
	Cells      [][3]float64 // row, column, and mass of the largest cell of some rows, where there is no Plan
}

// A goldenFile has small problems in full, and large ones whose costs are formula's.
type goldenFile struct {
	Format          string
	Problems, Large []golden
}

func readGolden(t *testing.T) goldenFile {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var file goldenFile
	if err := json.Unmarshal(data, &file); err != nil || file.Format != "ferry ot golden 2" {
		t.Fatalf("reading golden.json: format %q, %v", file.Format, err)
	}
	return file
}

// TestAgainstPOT solves POT's problems in the domain that Sinkhorn chooses and on logarithms too.
func TestAgainstPOT(t *testing.T) {
	for _, g := range readGolden(t).Problems {
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

// formula returns costs as make_golden.py makes them.
func formula(rows, columns int) []float32 {
	costs := make([]float32, rows*columns)
	for k := range costs {
		i, j := float64(k/columns), float64(k%columns)
		costs[k] = float32(0.7 + 0.3*math.Sin(1.7*i+2.3*j+0.01*i*j))
	}
	return costs
}

func TestLargeAgainstPOT(t *testing.T) {
	for _, g := range readGolden(t).Large {
		costs, shapes := formula(g.Rows, g.Columns), []Shape{{g.Rows, g.Columns}}
		plan, reports := solve(t, costs, shapes, nil, nil, Options{Epsilon: g.Epsilon, Iterations: 3000, Tolerance: 1e-5})
		r := reports[0]
		if !(r.MarginalError <= 3e-5) || !(math.Abs(float64(r.Value)-g.Value) <= 2e-5) || float64(r.Bound) > g.Exact+1e-6 {
			t.Errorf("%v, epsilon %g: want value %v, and %v without entropy; %+v", shapes, g.Epsilon, g.Value, g.Exact, r)
		}
		for _, c := range g.Cells {
			if x := plan[int(c[0])*g.Columns+int(c[1])]; math.Abs(float64(x)-c[2]) > 1e-6 {
				t.Errorf("%v, epsilon %g: cell %v is %v; %+v", shapes, g.Epsilon, c, x, r)
			}
		}
	}
}

func TestExactAgainstPOT(t *testing.T) {
	file := readGolden(t)
	for i := range file.Large {
		file.Large[i].Cost = formula(file.Large[i].Rows, file.Large[i].Columns)
	}
	for _, g := range append(file.Problems, file.Large...) {
		plan := make([]float32, len(g.Cost))
		reports, err := Exact(g.Cost, []Shape{{g.Rows, g.Columns}}, g.A, g.B, plan)
		if err != nil {
			t.Fatal(err)
		}
		if r := reports[0]; !(math.Abs(float64(r.Value)-g.Exact) <= 1e-6*math.Max(1, g.Exact)) || !(math.Abs(float64(r.Gap())) <= 1e-6*math.Max(1, g.Exact)) || !(r.MarginalError <= 1e-6) {
			t.Errorf("%s %d x %d: want %v; %+v", g.Name, g.Rows, g.Columns, g.Exact, r)
		}
	}
}
