package measure

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// golden is what scipy and numpy gave; testdata/make_significance.py made it.
type goldenTests struct {
	Exact, Sampled []struct {
		Differences []float64
		Permutation float64
		TTest       float64 `json:"t_test"`
	}
	Panel struct {
		Values       [][][]float64 // query, variant, language
		Counts       [][]bool
		Weights      Contrast
		Value        []float64
		Interval     []float64
		GainInterval []float64 `json:"gain_interval"`
	}
}

func readGoldenTests(t *testing.T) (golden goldenTests) {
	t.Helper()
	data, err := os.ReadFile("testdata/significance.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	return golden
}

// TestSignificance compares with scipy: to the last digits where all signs are gone through, else within four standard errors of
// both samples.
func TestSignificance(t *testing.T) {
	golden, samples := readGoldenTests(t), 100_000
	if len(golden.Exact) != 9 || len(golden.Sampled) != 3 {
		t.Fatalf("%d and %d tests", len(golden.Exact), len(golden.Sampled))
	}
	for _, want := range golden.Exact {
		if p := PermutationTest(want.Differences, samples, 1); math.Abs(p-want.Permutation) > 1e-12 {
			t.Errorf("permutation test of %v: %v, want %v", want.Differences, p, want.Permutation)
		}
	}
	for _, want := range golden.Sampled {
		p := PermutationTest(want.Differences, samples, 1)
		if within := 4 * math.Sqrt(2*want.Permutation*(1-want.Permutation)/float64(samples)); math.Abs(p-want.Permutation) > within {
			t.Errorf("permutation test: %v, want %v within %v", p, want.Permutation, within)
		}
		if again := PermutationTest(want.Differences, samples, 1); again != p {
			t.Errorf("the same seed gives %v and %v", p, again)
		}
	}
	for _, want := range slices.Concat(golden.Exact, golden.Sampled) {
		if p := TTest(want.Differences); math.Abs(p-want.TTest) > 1e-10 {
			t.Errorf("t-test of %v: %v, want %v", want.Differences, p, want.TTest)
		}
	}
}

func TestSignificanceOfNothing(t *testing.T) {
	for _, differences := range [][]float64{{}, {0.5}, {0, 0, 0}} {
		if p := TTest(differences); p != 1 {
			t.Errorf("t-test of %v: %v, want 1", differences, p)
		}
		if p := PermutationTest(differences, 100, 1); p != 1 {
			t.Errorf("permutation test of %v: %v, want 1", differences, p)
		}
	}
	if p := TTest([]float64{0.25, 0.25, 0.25}); p != 0 {
		t.Errorf("t-test of differences that are all the same: %v, want 0", p)
	}
}

// TestPermutationSampleIsTheExactTest compares p of all 2^15 ways with p of 16,000 drawn ones.
func TestPermutationSampleIsTheExactTest(t *testing.T) {
	differences := readGoldenTests(t).Exact[4].Differences
	exact, sampled := PermutationTest(differences, 1<<15, 0), PermutationTest(differences, 1<<13-1, 7)
	if within := 4 * math.Sqrt(exact*(1-exact)/8191); exact == sampled || math.Abs(exact-sampled) > within {
		t.Errorf("%v and %v, want different within %v", exact, sampled, within)
	}
}

// TestEffect has closed cases; pipeline compares with numpy.
func TestEffect(t *testing.T) {
	for _, test := range []struct {
		differences []float64
		want        float64
	}{
		{[]float64{0, 0}, 0}, {[]float64{-1, 1}, 0}, {[]float64{0, 1, 2}, 1}, {[]float64{0, -1, -2}, -1},
		{[]float64{0.1, 0.1, 0.1}, math.NaN()}, {[]float64{0.5}, math.NaN()}, {nil, math.NaN()},
	} {
		if got := Effect(test.differences); math.Abs(got-test.want) > 1e-15 || math.IsNaN(got) != math.IsNaN(test.want) {
			t.Errorf("effect of %v is %v, want %v", test.differences, got, test.want)
		}
	}
	if wins, ties, losses := Outcomes([]float64{0.5, -1e-17, 0, 1e-17, -0.5, 1e-9}); wins != 2 || ties != 3 || losses != 1 {
		t.Errorf("%d wins, %d ties and %d losses, want 2, 3 and 1", wins, ties, losses)
	}
}

// TestHolm has examples that were worked out by hand, one with ties: sorted, times n to 1, no smaller than the one before, at
// most 1.
func TestHolm(t *testing.T) {
	for _, test := range []struct{ p, want []float64 }{
		{nil, []float64{}},
		{[]float64{0.04}, []float64{0.04}},
		{[]float64{0.03, 0.01, 0.5, 0.02, 0.9}, []float64{0.09, 0.05, 1, 0.08, 1}},
		{[]float64{0.01, 0.02, 0.02, 0.012}, []float64{0.04, 0.04, 0.04, 0.04}},
	} {
		if got := Holm(test.p); !slices.EqualFunc(got, test.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-15 }) {
			t.Errorf("Holm(%v) is %v, want %v", test.p, got, test.want)
		}
	}
}

// TestPanel compares with numpy on queries that do not count in all languages, and draws that are other ones.
func TestPanel(t *testing.T) {
	golden := readGoldenTests(t).Panel
	panel := NewPanel(2, 3)
	for i, values := range golden.Values {
		panel.Add(golden.Counts[i], values)
	}
	for v, want := range golden.Value {
		if got := panel.Value(v, golden.Weights); math.Abs(got-want) > 1e-12 {
			t.Errorf("value %v, want %v", got, want)
		}
	}
	gain := panel.Value(0, golden.Weights) - panel.Value(1, golden.Weights)
	if mean := Mean(panel.Differences(0, 1, golden.Weights)); math.Abs(mean-gain) > 1e-12 {
		t.Errorf("differences have the mean %v, want %v", mean, gain)
	}
	second := Contrast{0, 0, 1}
	if n := len(panel.Differences(0, 1, second)); n != panel.Queries(second) || n >= 60 {
		t.Errorf("%d differences in a language of %d queries", n, panel.Queries(second))
	}
	draws := panel.Bootstrap(20_000, 3, 2)
	near := func(what string, low, high float64, want []float64) {
		t.Helper()
		if math.Abs(low-want[0]) > 0.002 || math.Abs(high-want[1]) > 0.002 {
			t.Errorf("%s interval %v to %v, want %v", what, low, high, want)
		}
	}
	low, high := draws.Interval(0, golden.Weights)
	near("value's", low, high, golden.Interval)
	low, high = draws.GainInterval(0, 1, golden.Weights)
	near("gain's", low, high, golden.GainInterval)
	alone := panel.Bootstrap(100, 3, 1)
	if again := panel.Bootstrap(100, 3, 5); !slices.EqualFunc(alone.means, again.means, slices.Equal) {
		t.Error("draws depend on the number of workers")
	}
}

// TestPanelDrawsTogether: a translation of every query that scores the same adds nothing, so the interval of the mean over both
// languages is that over one; of two variants that differ by a constant, the gain has no width.
func TestPanelDrawsTogether(t *testing.T) {
	panel := NewPanel(2, 2)
	for i := range 50 {
		x := float64(i*i%50) / 100
		panel.Add([]bool{true, true}, [][]float64{{x, x}, {x + 0.25, x + 0.25}})
	}
	draws := panel.Bootstrap(500, 1, 1)
	low, high := draws.Interval(0, Contrast{1, 0})
	bothLow, bothHigh := draws.Interval(0, Contrast{0.5, 0.5})
	if low != bothLow || high != bothHigh || high-low < 0.05 {
		t.Errorf("%v to %v, in both languages %v to %v", low, high, bothLow, bothHigh)
	}
	if low, high := draws.GainInterval(1, 0, Contrast{0.5, 0.5}); math.Abs(low-0.25) > 1e-12 || math.Abs(high-0.25) > 1e-12 {
		t.Errorf("a gain of 0.25 in all queries has the interval %v to %v", low, high)
	}
	low, high = draws.Interval(0, Contrast{1, -1})
	if low != 0 || high != 0 {
		t.Errorf("a gap of 0 in all queries has the interval %v to %v", low, high)
	}
}

// TestPanelWithRareLanguage: samples without the only query of a language are no NaN.
func TestPanelWithRareLanguage(t *testing.T) {
	panel := NewPanel(1, 2)
	panel.Add([]bool{true, true}, [][]float64{{0.5, 0.75}})
	for range 9 {
		panel.Add([]bool{true, false}, [][]float64{{0.5, 0}})
	}
	if low, high := panel.Bootstrap(1000, 1, 2).Interval(0, Contrast{0, 1}); low != 0.75 || high != 0.75 {
		t.Errorf("%v to %v, want 0.75", low, high)
	}
}

func BenchmarkPermutationTest(b *testing.B) {
	differences := make([]float64, 430)
	for i := range differences {
		differences[i] = math.Sin(float64(i))
	}
	for b.Loop() {
		PermutationTest(differences, 10_000, 1)
	}
}
