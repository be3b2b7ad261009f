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
	Partial    float64      // value of the best plan that moves 0.6 of the mass
	Unbalanced []float64    // plan with a reach of 0.5; nil for some
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
			compare(t, g, plan, solveLog(t, g, o, plan))
		})
	}
}

func solveLog(t *testing.T, g golden, o Options, plan []float32) Report {
	reports, err := eachProblem(g.Cost, []Shape{{g.Rows, g.Columns}}, g.A, g.B, o, plan, func(s *solver, p problem, o Options) (Report, error) {
		if err := s.start(p); err != nil {
			return Report{}, err
		}
		return s.solveLog(p, o), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return reports[0]
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
		reports, err := Exact(g.Cost, []Shape{{g.Rows, g.Columns}}, g.A, g.B, Options{}, plan)
		if err != nil {
			t.Fatal(err)
		}
		if r := reports[0]; !(math.Abs(float64(r.Value)-g.Exact) <= 1e-6*math.Max(1, g.Exact)) || !(math.Abs(float64(r.Gap())) <= 1e-6*math.Max(1, g.Exact)) || !(r.MarginalError <= 1e-6) {
			t.Errorf("%s %d x %d: want %v; %+v", g.Name, g.Rows, g.Columns, g.Exact, r)
		}
	}
}

func TestPartialAgainstPOT(t *testing.T) {
	for _, g := range readGolden(t).Problems {
		shapes, plan := []Shape{{g.Rows, g.Columns}}, make([]float32, len(g.Cost))
		reports, err := Exact(g.Cost, shapes, g.A, g.B, Options{Share: 0.6}, plan)
		if err != nil {
			t.Fatal(err)
		}
		moved := 0.0
		for _, x := range plan {
			moved += float64(x)
		}
		if r := reports[0]; !(math.Abs(float64(r.Value)-g.Partial) <= 2e-6*math.Max(1, g.Partial)) || math.Abs(moved-0.6) > 1e-6 || !(math.Abs(float64(r.Gap())) <= 2e-6*math.Max(1, g.Partial)) {
			t.Errorf("%s: moved %v, want value %v; %+v", g.Name, moved, g.Partial, r)
		}
		entropic := solveWith(t, Sinkhorn, g, Options{Epsilon: 0.002, Iterations: 3000, Tolerance: 1e-4, Share: 0.6})
		if !(entropic.Gap() >= -1e-4*float32(math.Max(1, g.Partial)) && entropic.Gap() < 0.02*float32(math.Max(1, g.Partial))) || math.Abs(float64(entropic.Bound)-g.Partial) > 0.02*math.Max(1, g.Partial) {
			t.Errorf("%s: want value %v; %+v", g.Name, g.Partial, entropic)
		}
	}
}

func TestUnbalancedAgainstPOT(t *testing.T) {
	compared := 0
	for _, g := range readGolden(t).Problems {
		if g.Unbalanced == nil {
			continue
		}
		compared++
		plan := make([]float32, len(g.Cost))
		reports, err := Sinkhorn(g.Cost, []Shape{{g.Rows, g.Columns}}, g.A, g.B, Options{Epsilon: g.Epsilon, Iterations: 5000, Tolerance: 1e-7, Reach: 0.5}, plan)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range plan {
			if math.Abs(float64(x)-g.Unbalanced[i]) > 2e-6 {
				t.Errorf("%s: cell %d is %v, want %v; %+v", g.Name, i, x, g.Unbalanced[i], reports[0])
				break
			}
		}
	}
	if compared < 8 {
		t.Errorf("only %d plans were compared", compared)
	}
}

// TestIPOT checks that proximal steps come close to the best plan without entropy.
func TestIPOT(t *testing.T) {
	for _, g := range readGolden(t).Problems {
		r := solveWith(t, IPOT, g, Options{Epsilon: 0.5 * g.Cost[0], Iterations: 300})
		if !(float64(r.Value) <= 1.005*g.Exact+0.01*float64(r.MarginalError)*math.Max(1, g.Exact)) || !(r.MarginalError < 0.02) || float64(r.Bound) > g.Exact*(1+1e-5) {
			t.Errorf("%s: want %v; %+v", g.Name, g.Exact, r)
		}
	}
}

func solveWith(t *testing.T, solve func(costs []float32, shapes []Shape, a, b []float32, o Options, plans []float32) ([]Report, error), g golden, o Options) Report {
	t.Helper()
	reports, err := solve(g.Cost, []Shape{{g.Rows, g.Columns}}, g.A, g.B, o, make([]float32, len(g.Cost)))
	if err != nil {
		t.Fatal(err)
	}
	return reports[0]
}
