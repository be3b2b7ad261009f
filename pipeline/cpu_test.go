package pipeline

import (
	"context"
	"math"
	"testing"

	"github.com/ferry-clir/ferry/pipeline/host"
)

// burn keeps one core busy for so many CPU seconds of the process.
func burn(seconds float64) {
	x := 1.0
	for end := host.CPU() + seconds; host.CPU() < end; {
		for range 10_000 {
			x = math.Sqrt(x + 1)
		}
	}
	sink64 = x
}

var sink64 float64

// TestCPUTimes divides CPU time among spells that overlap: what they add up to is what the process has taken, and each has
// what ran while it did, in proportion to its goroutines.
func TestCPUTimes(t *testing.T) {
	if host.CPU() == 0 {
		t.Skip("CPU times are not known here")
	}
	c := newCPUTimes()
	before := host.CPU()
	wide := c.begin("wide", 3)
	burn(0.02)
	alone := wide.soFar()
	narrow := c.begin("narrow", 1)
	burn(0.04)
	shared := narrow.end()
	total := wide.end()
	if again := wide.end(); again != total {
		t.Errorf("after its end a spell went on from %v to %v", total, again)
	}
	if taken := host.CPU() - before; math.Abs(total+shared-taken) > 0.005 {
		t.Errorf("%v and %v are not %v in all", total, shared, taken)
	}
	if alone < 0.02 || shared < 0.01 || math.Abs((total-alone)-3*shared) > 0.1*total {
		t.Errorf("3 goroutines got %v alone and then %v, 1 got %v", alone, total-alone, shared)
	}
	busy, waiting := c.begin("busy", 1), c.begin("waiting", 1)
	ctx, stop := context.WithCancel(waiting.within(t.Context()))
	waited := make(chan error)
	go func() { waited <- until(ctx, nil) }()
	for begun := false; !begun; {
		c.mutex.Lock()
		begun = waiting.waits > 0
		c.mutex.Unlock()
	}
	burn(0.02)
	stop()
	<-waited
	burn(0.02)
	if half, whole := waiting.end(), busy.end(); half < 0.008 || whole < 2.5*half {
		t.Errorf("what waited half of the time got %v, what worked %v", half, whole)
	}
	if half, whole := c.took("waiting"), c.took("busy"); half == 0 || half > whole*9/10 {
		t.Errorf("what waited half of the time took %v, what worked %v", half, whole)
	}
}
