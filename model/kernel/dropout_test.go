package kernel

import (
	"math"
	"slices"
	"testing"
)

func ones(n int) []float32 { return slices.Repeat([]float32{1}, n) }

// Counts how often elements are dropped, alone and together with their neighbours in the row, in the next row, and under
// other keys, which must be as often as if all were independent. Those that stay keep the expectation.
func TestDropout(t *testing.T) {
	const rows, n = 1 << 10, 1 << 10
	for _, p := range []float32{0.1, 0.5, 1.0 / 1024} {
		d := Dropout{p, 7}
		mask := func(d Dropout) []float32 {
			x := ones(rows * n)
			d.rows(0, rows, n, x, n)
			return x
		}
		x := mask(d)
		want := map[float32]bool{0: true, 1 / (1 - p): true}
		dropped, sum := 0.0, 0.0
		for _, v := range x {
			if !want[v] && math.Abs(float64(v-1/(1-p))) > 1e-4 {
				t.Fatalf("1 becomes %g", v)
			}
			if v == 0 {
				dropped++
			}
			sum += float64(v)
		}
		expectCount(t, "dropped", dropped, rows*n, float64(p))
		if math.Abs(sum/(rows*n)-1) > 0.01 {
			t.Errorf("probability %g: the mean of ones is %g", p, sum/(rows*n))
		}
		for what, y := range map[string][]float32{"the next element": x[1:], "the one 4 on": x[4:], "the next row": x[n:],
			"the next part": mask(d.At(1)), "another part": mask(d.At(1 << 20)), "the part before": mask(d.At(0)), "the next key": mask(Dropout{p, 8})} {
			both := 0.0
			for i, v := range y {
				if v == 0 && x[i] == 0 {
					both++
				}
			}
			expectCount(t, "dropped with "+what, both, float64(len(y)), float64(p)*float64(p))
		}
	}
}

// expectCount checks a count of n independent events to 5 standard deviations.
func expectCount(t *testing.T, what string, count, n, p float64) {
	t.Helper()
	if math.Abs(count-n*p) > 5*math.Sqrt(n*p*(1-p))+n*p/4096 {
		t.Errorf("%s are %.0f of %.0f, expected %.0f", what, count, n, n*p)
	}
}

// A mask depends on the place alone: neither on the length of the row nor on what is dropped beside it.
func TestDropoutPlace(t *testing.T) {
	d := Dropout{0.3, 5}
	whole := ones(129)
	d.Apply(whole, 9)
	for n := range 129 {
		x := newBuffer(n, 0)
		copy(x.data, ones(n))
		d.Apply(x.data, 9)
		sameBits(t, x.data, whole[:n])
		x.check(t)
	}
	x := []float32{float32(math.NaN()), 3}
	Dropout{}.Apply(x, 0)
	if x[0] == x[0] || x[1] != 3 {
		t.Errorf("probability 0 changes numbers to %v", x)
	}
}

func TestDropoutPanics(t *testing.T) {
	for _, p := range []float32{-0.1, 1, float32(math.NaN())} {
		if panics(func() { Dropout{p, 0}.Apply(ones(1), 0) }) == nil {
			t.Errorf("a probability of %g is taken", p)
		}
	}
}

// The generator gives SplitMix64's published numbers for the seed 1234567 (rosettacode.org, Pseudo-random numbers).
func TestMix(t *testing.T) {
	state := uint64(1234567)
	for _, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		if state += golden64; mix(state) != want {
			t.Errorf("got %d, want %d", mix(state), want)
		}
	}
}
