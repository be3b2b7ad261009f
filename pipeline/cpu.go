package pipeline

import (
	"context"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/pipeline/host"
)

// cpuTimes divides the CPU time that the process takes among what is being computed, by the goroutines of each. It is exact
// for what runs alone, as training does, and a fair guess for what runs beside other steps.
type cpuTimes struct {
	mutex   sync.Mutex
	last    float64 // CPU seconds of the process when they were last divided
	divided time.Time
	spells  map[*spell]bool
	worked  map[string]time.Duration // by the clock, while a spell of the step was busy
}

// A spell is a time during which something is computed.
type spell struct {
	of         *cpuTimes
	step       string
	goroutines int
	waits      int     // of its goroutines' for what others make; it takes nothing meanwhile
	seconds    float64 // of CPU
}

// busy is how many goroutines the spell keeps busy at the moment. s.of.mutex is held.
func (s *spell) busy() int {
	if s.waits > 0 {
		return 0
	}
	return s.goroutines
}

func newCPUTimes() *cpuTimes {
	return &cpuTimes{spells: map[*spell]bool{}, worked: map[string]time.Duration{}}
}

// begin begins a spell of a step that keeps so many goroutines busy; end must follow.
func (c *cpuTimes) begin(step string, goroutines int) *spell {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.divide()
	s := &spell{of: c, step: step, goroutines: goroutines}
	c.spells[s] = true
	return s
}

// divide gives every spell its share of what was taken since the last time. c.mutex is held.
func (c *cpuTimes) divide() {
	now, clock, goroutines, steps := host.CPU(), time.Now(), 0, map[string]bool{}
	for s := range c.spells {
		goroutines += s.busy()
	}
	for s := range c.spells {
		if n := s.busy(); n > 0 {
			s.seconds += (now - c.last) * float64(n) / float64(goroutines)
			steps[s.step] = true
		}
	}
	for step := range steps {
		c.worked[step] += clock.Sub(c.divided)
	}
	c.last, c.divided = now, clock
}

// took is how long the step has been at work up to now, without what it waited for.
func (c *cpuTimes) took(step string) time.Duration {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.divide()
	return c.worked[step]
}

// soFar is the CPU seconds of the spell up to now.
func (s *spell) soFar() float64 {
	s.of.mutex.Lock()
	defer s.of.mutex.Unlock()
	s.of.divide()
	return s.seconds
}

// end ends the spell, the first time that it is called, and returns its CPU seconds.
func (s *spell) end() float64 {
	s.of.mutex.Lock()
	defer s.of.mutex.Unlock()
	if s.of.spells[s] {
		s.of.divide()
		delete(s.of.spells, s)
	}
	return s.seconds
}

type spellKey struct{}

// within is a context of what is computed in the spell.
func (s *spell) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, spellKey{}, s)
}

// until waits for something to be closed. The spell of the context, if there is one, takes nothing meanwhile.
func until(ctx context.Context, closed <-chan struct{}) error {
	if s, ok := ctx.Value(spellKey{}).(*spell); ok {
		s.wait(1)
		defer s.wait(-1)
	}
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// wait says that so many goroutines of the spell more wait for what others make.
func (s *spell) wait(more int) {
	s.of.mutex.Lock()
	defer s.of.mutex.Unlock()
	s.of.divide()
	s.waits += more
}
