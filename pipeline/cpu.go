package pipeline

import "sync"

// cpuTimes divides the CPU time that the process takes among what is being computed, by the goroutines of each. It is exact
// for what runs alone, as training does, and a fair guess for what runs beside other steps.
type cpuTimes struct {
	mutex      sync.Mutex
	last       float64 // CPU seconds of the process when they were last divided
	spells     map[*spell]bool
	goroutines int // of all spells
}

// A spell is a time during which something is computed.
type spell struct {
	of         *cpuTimes
	goroutines int
	seconds    float64 // of CPU
}

func newCPUTimes() *cpuTimes { return &cpuTimes{spells: map[*spell]bool{}} }

// begin begins a spell of something that keeps so many goroutines busy; end must follow.
func (c *cpuTimes) begin(goroutines int) *spell {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.divide()
	s := &spell{of: c, goroutines: goroutines}
	c.spells[s] = true
	c.goroutines += goroutines
	return s
}

// divide gives every spell its share of what was taken since the last time. c.mutex is held.
func (c *cpuTimes) divide() {
	now := processCPU()
	for s := range c.spells {
		s.seconds += (now - c.last) * float64(s.goroutines) / float64(c.goroutines)
	}
	c.last = now
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
		s.of.goroutines -= s.goroutines
	}
	return s.seconds
}
