package telemetry

import (
	"sync"
	"time"
)

// A pulse is how the runs of a pipeline move.
type pulse struct {
	mutex sync.Mutex
	beat
	states map[string]string // of steps
	done   map[string]int64  // how far they are
}

// A beat is a state of a pulse.
type beat struct {
	active       bool
	run          string    // its ID, if it has one
	began, moved time.Time // of the run at work or else the last; zero if there was none yet
	there, steps int       // how many steps are there, of how many
}

// silence is how long a run may go on without a sign of progress.
const silence = 30 * time.Minute

// stalled tells whether a run is at work that has not moved for long.
func (b beat) stalled(now time.Time) bool { return b.active && now.Sub(b.moved) > silence }

func (p *pulse) begin() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now := time.Now()
	p.beat = beat{active: true, began: now, moved: now}
	p.states, p.done = map[string]string{}, map[string]int64{}
}

func (p *pulse) name(run string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.run = run
}

// enter says that a step is in a state, and returns the one before.
func (p *pulse) enter(step, state string) (before string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	before, p.states[step], p.moved = p.states[step], state, time.Now()
	return before
}

// progress says how far a step is.
func (p *pulse) progress(step string, done int64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if before, ok := p.done[step]; !ok || before != done {
		p.done[step], p.moved = done, time.Now()
	}
}

// end returns the steps that are not at an end when the run is.
func (p *pulse) end() (open []string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.active = false
	for step, state := range p.states {
		if state == waiting || state == running {
			open = append(open, step)
		}
	}
	return open
}

// now is the state that the pulse is in.
func (p *pulse) now() beat {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	b := p.beat
	b.steps = len(p.states)
	for _, state := range p.states {
		if state == done || state == cached {
			b.there++
		}
	}
	return b
}
