package ot

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

var precise = Options{Iterations: 20000, Tolerance: 1e-6}

func TestDivergenceAgainstPOT(t *testing.T) {
	data, err := os.ReadFile("testdata/divergence.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Format   string
		Width    int
		Problems []struct {
			Epsilon      float32
			X, Y, A, B   []float32
			Value, Sharp float64
		}
	}
	if err := json.Unmarshal(data, &file); err != nil || file.Format != "ferry divergence golden 1" {
		t.Fatalf("reading divergence.json: format %q, %v", file.Format, err)
	}
	for i, g := range file.Problems {
		o := precise
		for _, o.Tolerance = range []float32{precise.Tolerance, 1e-3} {
			o.Epsilon = g.Epsilon
			got, _, err := Divergence(g.X, g.Y, file.Width, g.A, g.B, o, nil)
			if err != nil || !(math.Abs(got-g.Value) <= 2e-6) {
				t.Errorf("problem %d, tolerance %g: %v, want %v (%v without entropies); %v", i, o.Tolerance, got, g.Value, g.Sharp, err)
			}
		}
	}
}

// cloudOf makes unit vectors of raw ones.
func cloudOf(raw []float32, d int) (unit, inverse []float32) {
	unit, inverse = make([]float32, len(raw)), make([]float32, len(raw)/d)
	Unit(unit, inverse, raw, d)
	return unit, inverse
}

func TestDivergenceOfEqualClouds(t *testing.T) {
	const d = 5
	raw := random(1, 7*d)
	x, _ := cloudOf(raw, d)
	turned := append(slices.Clone(x[3*d:]), x[:3*d]...)
	for _, epsilon := range []float32{0.01, 0.1, 1} {
		o, dy := precise, make([]float32, len(x))
		o.Epsilon = epsilon
		same, reports, err := Divergence(x, x, d, nil, nil, o, dy)
		if err != nil || same != 0 || !slices.Equal(dy, make([]float32, len(dy))) {
			t.Errorf("epsilon %g: the divergence from itself is %v, its gradient %v; %v", epsilon, same, dy, err)
		}
		if epsilon >= 0.1 && !(reports[0].Value > 0.01) {
			t.Errorf("epsilon %g: transport to itself costs %v, which is no test", epsilon, reports[0].Value)
		}
		other, _, err := Divergence(x, turned, d, nil, nil, o, nil)
		if err != nil || other > 1e-6 {
			t.Errorf("epsilon %g: in another order it is %v; %v", epsilon, other, err)
		}
	}
}

// twin is the divergence in float64, written as its definition with the divergence from the product of uniform masses, of
// vectors that it scales first.
func twin(x, y []float64, d int, epsilon float64) float64 {
	return twinTransport(x, y, d, epsilon) - (twinTransport(x, x, d, epsilon)+twinTransport(y, y, d, epsilon))/2
}

func twinTransport(x, y []float64, d int, epsilon float64) (value float64) {
	m, n := len(x)/d, len(y)/d
	costs, u, v := make([]float64, m*n), make([]float64, m), make([]float64, n)
	for k := range costs {
		var xy, xx, yy float64
		for c := range d {
			p, q := x[k/n*d+c], y[k%n*d+c]
			xy, xx, yy = xy+p*q, xx+p*p, yy+q*q
		}
		costs[k] = 1 - xy/math.Sqrt(xx*yy)
	}
	for j := range v {
		v[j] = 1
	}
	plan := make([]float64, m*n)
	for range 5000 {
		for i := range u {
			sum := 0.0
			for j := range v {
				sum += math.Exp(-costs[i*n+j]/epsilon) * v[j] / float64(n)
			}
			u[i] = 1 / sum
		}
		for j := range v {
			sum := 0.0
			for i := range u {
				sum += math.Exp(-costs[i*n+j]/epsilon) * u[i] / float64(m)
			}
			v[j] = 1 / sum
		}
	}
	for k, c := range costs {
		plan[k] = math.Exp(-c/epsilon) * u[k/n] * v[k%n] / float64(m*n)
		value += plan[k] * (c + epsilon*math.Log(plan[k]*float64(m*n)))
	}
	return value
}

func TestDivergenceGradient(t *testing.T) {
	const d, h = 3, 1e-4
	for _, epsilon := range []float32{0.1, 0.5} {
		raw := random(5, 6*d)
		x, _ := cloudOf(random(4, 4*d), d)
		y, inverse := cloudOf(raw, d)
		o, dUnit, got := precise, make([]float32, len(y)), make([]float32, len(y))
		o.Epsilon = epsilon
		value, _, err := Divergence(x, y, d, nil, nil, o, dUnit)
		if err != nil {
			t.Fatal(err)
		}
		UnitGradient(got, dUnit, y, inverse, d)
		x64, y64 := make([]float64, len(x)), make([]float64, len(raw))
		widen(x64, x)
		widen(y64, raw)
		if want := twin(x64, y64, d, float64(epsilon)); math.Abs(value-want) > 1e-6 || !(want > 1e-3) {
			t.Errorf("epsilon %g: the divergence is %v, want %v", epsilon, value, want)
		}
		for i, at := range y64 {
			y64[i] = at + h
			up := twin(x64, y64, d, float64(epsilon))
			y64[i] = at - h
			want := (up - twin(x64, y64, d, float64(epsilon))) / (2 * h)
			if y64[i] = at; math.Abs(float64(got[i])-want) > 1e-5 {
				t.Errorf("epsilon %g: gradient %d is %v, want %v", epsilon, i, got[i], want)
			}
		}
	}
}

// TestRelativeDivergence has one epsilon in all three problems, whatever their own costs are.
func TestRelativeDivergence(t *testing.T) {
	const d = 4
	x, _ := cloudOf(random(6, 5*d), d)
	y, _ := cloudOf(random(7, 6*d), d)
	costs := make([]float32, 30)
	CosineCosts(costs, x, y, d, []Shape{{5, 6}})
	o := precise
	o.Epsilon, o.Relative = 0.5, true
	got, _, err := Divergence(x, y, d, nil, nil, o, nil)
	o = o.of(problem{costs: costs})
	o.Relative = false
	want, _, _ := Divergence(x, y, d, nil, nil, o, nil)
	if err != nil || got != want || got == 0 {
		t.Errorf("%v, want %v; %v", got, want, err)
	}
}

func TestBadDivergences(t *testing.T) {
	x, nan := []float32{1, 0, 0, 1}, []float32{1, 0, float32(math.NaN()), 1}
	o := DefaultOptions()
	for want, change := range map[string]func(y *[]float32, o *Options){
		"neither reach nor share":    func(_ *[]float32, o *Options) { o.Share = 0.5 },
		"takes neither reach":        func(_ *[]float32, o *Options) { o.Reach = 1 },
		"epsilon is 0":               func(_ *[]float32, o *Options) { o.Epsilon = 0 },
		"cost [0][1] is NaN":         func(y *[]float32, _ *Options) { *y = nan },
		"one side is without tokens": func(y *[]float32, _ *Options) { *y = nil },
	} {
		y, o := x, o
		change(&y, &o)
		if _, _, err := Divergence(x, y, 2, nil, nil, o, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
