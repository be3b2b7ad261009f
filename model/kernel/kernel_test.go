package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// sizes are lengths at which blocked loops go wrong.
var sizes = func() []int {
	var all []int
	for n := range 40 {
		all = append(all, n)
	}
	return append(all, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025)
}()

// eachISA runs test once with every instruction set of this machine.
func eachISA(t *testing.T, test func(t *testing.T)) {
	for _, o := range available() {
		t.Run(o.name, func(t *testing.T) {
			before := active
			active = o
			defer func() { active = before }()
			test(t)
		})
	}
}

const guard = 1234.5

// A buffer is a slice with guard words before and behind it, which starts at any alignment.
type buffer struct{ whole, data []float32 }

func newBuffer(n, offset int) buffer {
	whole := make([]float32, n+32+offset)
	for i := range whole {
		whole[i] = guard
	}
	return buffer{whole, whole[16+offset : 16+offset+n : 16+offset+n]}
}

// random returns a buffer of normal numbers.
func random(r *rand.Rand, n, offset int) buffer {
	b := newBuffer(n, offset)
	for i := range b.data {
		b.data[i] = float32(r.NormFloat64())
	}
	return b
}

func (b buffer) check(t *testing.T) {
	t.Helper()
	start := len(b.whole) - len(b.data) - 16
	for i, v := range b.whole {
		if (i < start || i >= start+len(b.data)) && v != guard {
			t.Fatalf("guard word %d is %g: written outside of the slice", i-start, v)
		}
	}
}

func newRandom(t testing.TB) *rand.Rand {
	const seed = 7
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// near tells whether got is within tolerance of want, in absolute terms below 1 and relative ones above. NaN is near
// NaN alone, and an infinity near itself.
func near(got float32, want, tolerance float64) bool {
	g := float64(got)
	if math.IsNaN(want) || math.IsInf(want, 0) || math.IsNaN(g) || math.IsInf(g, 0) {
		return math.IsNaN(g) && math.IsNaN(want) || g == want
	}
	return math.Abs(g-want) <= tolerance*max(1, math.Abs(want))
}

func panics(f func()) (message any) {
	defer func() { message = recover() }()
	f()
	return nil
}

func TestChoose(t *testing.T) {
	offered := []isa{{name: "generic"}, {name: "fast"}}
	for name, want := range map[string]string{"generic": "generic", "fast": "fast", "": "fast", "unknown": "fast"} {
		if got := choose(name, offered).name; got != want {
			t.Errorf("FERRY_CPU=%s chooses %s, want %s", name, got, want)
		}
	}
}
