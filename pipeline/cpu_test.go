package pipeline

import (
	"context"
	"math"
	"testing"
	"time"

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
	const rounding = 1e-9
	c := newCPUTimes()
	before := host.CPU()
	wide := c.begin("wide", 3)
	inner := host.CPU()
	burn(0.02)
	narrow := c.begin("narrow", 1)
	alone := wide.seconds
	burn(0.04)
	shared := narrow.end()
	beside := wide.seconds - alone
	inner = host.CPU() - inner
	total := wide.end()
	if again := wide.end(); again != total {
		t.Errorf("after its end a spell went on from %v to %v", total, again)
	}
	if taken := host.CPU() - before; total+shared < inner-rounding || total+shared > taken+rounding {
		t.Errorf("%v and %v are not between %v and %v in all", total, shared, inner, taken)
	}
	if alone < 0.02-rounding || shared < 0.01-rounding || math.Abs(beside-3*shared) > rounding {
		t.Errorf("3 goroutines got %v alone and then %v, 1 got %v", alone, beside, shared)
	}
	busy, waiting := c.begin("busy", 1), c.begin("waiting", 1)
	ctx, stop := context.WithCancel(waiting.within(t.Context()))
	waited := make(chan error)
	go func() { waited <- until(ctx, nil) }()
	for begun := false; !begun; time.Sleep(time.Millisecond) {
		c.mutex.Lock()
		begun = waiting.waits > 0
		c.mutex.Unlock()
	}
	spent, began := host.CPU(), time.Now()
	burn(0.02)
	spent, took := host.CPU()-spent, time.Since(began)
	stop()
	<-waited
	burn(0.02)
	if half, whole := waiting.end(), busy.end(); half < 0.01-rounding || whole-half < spent-rounding {
		t.Errorf("what waited while %v s were taken got %v, what worked %v", spent, half, whole)
	}
	if half, whole := c.took("waiting"), c.took("busy"); half == 0 || whole-half < took {
		t.Errorf("what waited for %v took %v, what worked %v", took, half, whole)
	}
}
