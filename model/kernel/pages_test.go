package kernel

import (
	"slices"
	"testing"
)

// TestLargePages moves memory while it is written, and the elements stay what they are.
func TestLargePages(t *testing.T) {
	r := newRandom(t)
	for _, n := range []int{0, 1, 100, 1 << 19, 3<<19 + 5} {
		x := make([]float32, n)
		for i := range x {
			x[i] = r.Float32()
		}
		want := slices.Clone(x)
		done := make(chan bool)
		go func() {
			for i, v := range want {
				x[i] = v + 1
			}
			close(done)
		}()
		LargePages(x[n/3:])
		<-done
		for i, v := range want {
			if x[i] != v+1 {
				t.Fatalf("%d elements: element %d is %g, want %g", n, i, x[i], v+1)
			}
		}
	}
}
