package retrieve

import (
	"math"
	"slices"
)

// largest keeps the n largest values of those added, smallest first.
type largest struct {
	n      int
	values []float32
}

func newLargest(n int) *largest { return &largest{n: n} }

// least is the smallest of n values, minus infinity if there are fewer.
func (l *largest) least() float32 {
	if len(l.values) < l.n {
		return float32(math.Inf(-1))
	}
	return l.values[0]
}

func (l *largest) add(value float32) {
	if len(l.values) == l.n && value <= l.values[0] {
		return
	}
	at, _ := slices.BinarySearch(l.values, value)
	if len(l.values) < l.n {
		l.values = slices.Insert(l.values, at, value)
		return
	}
	copy(l.values, l.values[1:at])
	l.values[at-1] = value
}
