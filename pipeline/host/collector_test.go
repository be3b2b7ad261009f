package host

import (
	"runtime/debug"
	"testing"
)

// TestLimitMemory has limits come and go in any order: the lowest of those that are left holds, and in the end what held before.
func TestLimitMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	holds := func(when string, want int64) {
		t.Helper()
		if got := debug.SetMemoryLimit(-1); got != want {
			t.Errorf("%s: the limit is %d, want %d", when, got, want)
		}
	}
	first := LimitMemory(2 << 30)
	holds("one", 2<<30)
	second := LimitMemory(1 << 30)
	third := LimitMemory(3 << 30)
	holds("three", 1<<30)
	first()
	first()
	holds("two", 1<<30)
	second()
	holds("the highest", 3<<30)
	third()
	holds("none", before)
}
