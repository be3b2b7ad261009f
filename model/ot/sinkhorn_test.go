package ot

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func random(seed uint64, n int) []float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32() * 1.5
	}
	return x
}

func solve(t *testing.T, costs []float32, shapes []Shape, a, b []float32, o Options) ([]float32, []Report) {
	t.Helper()
	plans := make([]float32, len(costs))
	reports, err := Sinkhorn(costs, shapes, a, b, o, plans)
	if err != nil {
		t.Fatal(err)
	}
	return plans, reports
}

// objective is <P, C> - epsilon H(P) in float64.
func objective(plan, costs []float32, epsilon float64) float64 {
	sum := 0.0
	for i, p := range plan {
		if p > 0 {
			sum += float64(p) * (float64(costs[i]) + epsilon*(math.Log(float64(p))-1))
		}
	}
	return sum
}

// TestEnvelope checks d OT / dC = P, which training relies on, against central differences of the objective.
func TestEnvelope(t *testing.T) {
	shape := []Shape{{4, 6}}
	costs, o := random(3, 24), Options{Epsilon: 0.3, Iterations: 2000, Tolerance: 1e-7}
	plan, _ := solve(t, costs, shape, nil, nil, o)
	const h = 0.02
	for i, want := range plan {
		moved := slices.Clone(costs)
		moved[i] += h
		up, _ := solve(t, moved, shape, nil, nil, o)
		above := objective(up, moved, 0.3)
		moved[i] = costs[i] - h
		down, _ := solve(t, moved, shape, nil, nil, o)
		got := (above - objective(down, moved, 0.3)) / float64(costs[i]+h-moved[i])
		if math.Abs(got-float64(want)) > 2e-4*math.Max(0.1, float64(want)) {
			t.Errorf("cell %d: the difference quotient is %v, the plan has %v", i, got, want)
		}
	}
}

func TestRaggedEqualsOneByOne(t *testing.T) {
	shapes := []Shape{{7, 5}, {1, 1}, {32, 17}, {3, 64}, {7, 5}}
	cells, rows, columns := totals(shapes)
	costs, a, b := random(5, cells), make([]float32, rows), make([]float32, columns)
	for i := range costs[:35] {
		costs[i] *= 10 // the first has epsilon fall to its value
	}
	row, column := 0, 0
	for _, s := range shapes {
		uneven(a[row:row+s.Rows], 1)
		uneven(b[column:column+s.Columns], 2)
		row, column = row+s.Rows, column+s.Columns
	}
	o := Options{Epsilon: 0.05, Iterations: 50, Tolerance: 1e-4}
	plans, reports := solve(t, costs, shapes, a, b, o)
	if reports[0].Iterations == reports[2].Iterations {
		t.Errorf("iterations are not mixed: %+v", reports)
	}
	for k, s := range shapes {
		n := s.Rows * s.Columns
		plan, alone := solve(t, costs[:n], shapes[k:k+1], a[:s.Rows], b[:s.Columns], o)
		if !slices.Equal(plan, plans[:n]) || alone[0] != reports[k] {
			t.Errorf("problem %d: %+v in the batch, %+v alone, or the plans differ", k, reports[k], alone[0])
		}
		costs, plans, a, b = costs[n:], plans[n:], a[s.Rows:], b[s.Columns:]
	}
}

// uneven fills masses that sum to 1, the last of them 0 if there are several.
func uneven(masses []float32, from int) {
	sum := float32(0)
	for i := range masses {
		masses[i] = float32((i+from)%4 + 1)
		if i == len(masses)-1 && i > 0 {
			masses[i] = 0
		}
		sum += masses[i]
	}
	for i := range masses {
		masses[i] /= sum
	}
}

func TestPermutationAndTransposition(t *testing.T) {
	const m, n = 6, 9
	costs, o := random(8, m*n), Options{Epsilon: 0.1, Iterations: 3000, Tolerance: 1e-7}
	plan, _ := solve(t, costs, []Shape{{m, n}}, nil, nil, o)
	moved, turned := make([]float32, m*n), make([]float32, m*n)
	for i := range m {
		for j := range n {
			moved[(i+2)%m*n+(j+5)%n] = costs[i*n+j]
			turned[j*m+i] = costs[i*n+j]
		}
	}
	movedPlan, _ := solve(t, moved, []Shape{{m, n}}, nil, nil, o)
	turnedPlan, _ := solve(t, turned, []Shape{{n, m}}, nil, nil, o)
	for i := range m {
		for j := range n {
			want := float64(plan[i*n+j])
			if x := movedPlan[(i+2)%m*n+(j+5)%n]; math.Abs(float64(x)-want) > 1e-6 {
				t.Errorf("[%d][%d]: permuted %v, want %v", i, j, x, want)
			}
			if x := turnedPlan[j*m+i]; math.Abs(float64(x)-want) > 1e-6 {
				t.Errorf("[%d][%d]: transposed %v, want %v", i, j, x, want)
			}
		}
	}
}

func TestSimplePlans(t *testing.T) {
	constant := slices.Repeat([]float32{0.7}, 12)
	for _, epsilon := range []float32{1, 0.02, 0.005} {
		o := Options{Epsilon: epsilon, Iterations: 100, Tolerance: 1e-6}
		plan, r := solve(t, []float32{0.3}, []Shape{{1, 1}}, nil, nil, o)
		if plan[0] != 1 || r[0].Value != 0.3 || !r[0].Converged {
			t.Errorf("1 x 1: %v, %+v", plan, r)
		}
		plan, r = solve(t, constant, []Shape{{3, 4}}, nil, nil, o)
		for _, x := range plan {
			if math.Abs(float64(x)-1./12) > 1e-7 {
				t.Errorf("constant cost: plan %v, %+v", plan, r)
				break
			}
		}
	}
}

// TestNeverNaN drives costs and epsilon to where float32 overflows, underflows and loses all its digits.
func TestNeverNaN(t *testing.T) {
	for _, scale := range []float32{1e-30, 1e-3, 1, 1e3, 1e10, 1e38} {
		for _, epsilon := range []float32{1e-38, 1e-10, 0.005, 1, 1e10, 3e38} {
			costs := random(11, 30)
			for i := range costs {
				costs[i] = (costs[i] - 0.5) * scale
			}
			plan, r := solve(t, costs, []Shape{{5, 6}}, nil, nil, Options{Epsilon: epsilon, Iterations: 30})
			sums := make([]float64, 6)
			for i, x := range plan {
				if !(x >= 0 && x <= 1) {
					t.Fatalf("costs of %v, epsilon %v: the plan has %v, %+v", scale, epsilon, x, r[0])
				}
				sums[i%6] += float64(x)
			}
			for _, s := range sums {
				if math.Abs(s-1./6) > 1e-6 {
					t.Errorf("costs of %v, epsilon %v: column sums %v, %+v", scale, epsilon, sums, r[0])
					break
				}
			}
			if v := float64(r[0].Value + r[0].MarginalError); math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("costs of %v, epsilon %v: %+v", scale, epsilon, r[0])
			}
		}
	}
}

// TestMassWhereTheKernelIsTiny forbids the only cheap column, by no mass or by one that float32 hardly holds: the latter
// makes the kernel domain give up half-way.
func TestMassWhereTheKernelIsTiny(t *testing.T) {
	for _, tiny := range []float32{0, 1e-38} {
		costs, b := []float32{0, 1.5, 1.5, 0, 1.5, 1.5, 0, 1.5, 1.5}, []float32{tiny, 0.5, 0.5}
		plan, r := solve(t, costs, []Shape{{3, 3}}, nil, b, Options{Epsilon: 0.02, Iterations: 100, Tolerance: 1e-6})
		for i, x := range plan {
			if want := float64(b[i%3]) / 3; math.Abs(float64(x)-want) > 1e-6 {
				t.Errorf("mass %v: cell %d is %v, want %v; %+v", tiny, i, x, want, r[0])
			}
		}
		if (r[0].Solver == LogDomain) != (tiny > 0) {
			t.Errorf("mass %v: %+v", tiny, r[0])
		}
	}
}

func TestErrorsNameTheProblem(t *testing.T) {
	good, nan, inf := make([]float32, 8), make([]float32, 8), make([]float32, 8)
	nan[6], inf[7] = float32(math.NaN()), float32(math.Inf(1))
	pair := []Shape{{2, 2}, {2, 2}}
	o := DefaultOptions()
	for _, c := range []struct {
		want   string
		costs  []float32
		shapes []Shape
		a, b   []float32
		o      Options
	}{
		{"problem 1 (2 x 2): cost [1][0] is NaN", nan, pair, nil, nil, o},
		{"problem 1 (2 x 2): cost [1][1] is +Inf", inf, pair, nil, nil, o},
		{"problem 1: it is 0 x 2, without tokens", good[:4], []Shape{{2, 2}, {0, 2}}, nil, nil, o},
		{"problem 0 (2 x 2): the mass of row 1 is -1", good, pair, []float32{2, -1, 1, 0}, nil, o},
		{"problem 1 (2 x 2): every column mass is 0", good, pair, nil, []float32{1, 0, 0, 0}, o},
		{"problem 0 (2 x 2): the row masses sum to 2, the column masses to 1", good, pair, []float32{1, 1, 1, 0}, nil, o},
		{"epsilon is 0", good, pair, nil, nil, Options{Iterations: 1}},
		{"epsilon is NaN", good, pair, nil, nil, Options{Epsilon: nan[6], Iterations: 1}},
		{"iterations must be at least 1", good, pair, nil, nil, Options{Epsilon: 1}},
	} {
		_, err := Sinkhorn(c.costs, c.shapes, c.a, c.b, c.o, make([]float32, len(c.costs)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

func TestGreedy(t *testing.T) {
	plans := make([]float32, 7)
	reports, err := Greedy([]float32{3, 1, 2, 1, 1, 2, 5}, []Shape{{2, 3}, {1, 1}}, nil, plans)
	if err != nil || !slices.Equal(plans, []float32{0, 0.5, 0, 0.5, 0, 0, 1}) || reports[0].Value != 1 || reports[1].Value != 5 {
		t.Errorf("plans %v, reports %+v, %v", plans, reports, err)
	}
}

// TestRelativeEpsilon checks that the unit of the costs does not matter then, and that it is their standard deviation.
func TestRelativeEpsilon(t *testing.T) {
	costs, shapes := []float32{0, 2, 4, 6, 4, 2}, []Shape{{2, 3}}
	o := Options{Epsilon: 0.5, Relative: true, Iterations: 200, Tolerance: 1e-6}
	plan, _ := solve(t, costs, shapes, nil, nil, o)
	larger := slices.Clone(costs)
	for i := range larger {
		larger[i] = 8*costs[i] + 64
	}
	again, _ := solve(t, larger, shapes, nil, nil, o)
	o.Relative, o.Epsilon = false, 0.5*float32(math.Sqrt(11./3)) // mean 3; squares 9 1 1 9 1 1
	absolute, _ := solve(t, costs, shapes, nil, nil, o)
	for i, x := range plan {
		if math.Abs(float64(x-again[i])) > 1e-6 || math.Abs(float64(x-absolute[i])) > 1e-6 {
			t.Errorf("cell %d: %v, in another unit %v, absolute %v", i, x, again[i], absolute[i])
		}
	}
	constant := []float32{3, 3, 3, 3, 3, 3}
	if plan, r := solve(t, constant, shapes, nil, nil, Options{Epsilon: 0.5, Relative: true, Iterations: 5}); plan[0] != plan[5] || r[0].Value != 3 {
		t.Errorf("constant costs: %v, %+v", plan, r)
	}
}
