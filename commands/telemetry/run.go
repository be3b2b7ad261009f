package telemetry

import (
	"sync"

	"github.com/ferry-clir/ferry/pipeline"
)

// An observer is told of one run from its first event on: its ID, what its reporter is told, and how it ended. An outcome that is
// empty is not known.
type observer interface {
	pipeline.Reporter
	began(run string)
	ended(outcome pipeline.Outcome, err error)
}

// A Run passes what a run reports on to its reporter and to the observers. They are there from the first event on: a run that others keep
// out has none, and leaves no trace.
type Run struct {
	reporter  pipeline.Reporter
	observe   func() []observer
	once      sync.Once
	observers []observer
}

func (r *Run) each(tell func(observer)) {
	r.once.Do(func() { r.observers = r.observe() })
	for _, o := range r.observers {
		tell(o)
	}
}

// Began gives the ID of the run's record.
func (r *Run) Began(run string) { r.each(func(o observer) { o.began(run) }) }

// Ended says how the run ended; nothing if it never began.
func (r *Run) Ended(outcome pipeline.Outcome, err error) {
	r.once.Do(func() {})
	r.each(func(o observer) { o.ended(outcome, err) })
}

// Planned passes on.
func (r *Run) Planned(steps []pipeline.Planned) {
	r.reporter.Planned(steps)
	r.each(func(o observer) { o.Planned(steps) })
}

// Present passes on.
func (r *Run) Present(step string, f pipeline.Finished) {
	r.reporter.Present(step, f)
	r.each(func(o observer) { o.Present(step, f) })
}

// Started passes on.
func (r *Run) Started(step string) {
	r.reporter.Started(step)
	r.each(func(o observer) { o.Started(step) })
}

// Progress passes on.
func (r *Run) Progress(step string, done, total int64, message string) {
	r.reporter.Progress(step, done, total, message)
	r.each(func(o observer) { o.Progress(step, done, total, message) })
}

// Trained passes on.
func (r *Run) Trained(step string, loss float64) {
	r.reporter.Trained(step, loss)
	r.each(func(o observer) { o.Trained(step, loss) })
}

// Warned passes on.
func (r *Run) Warned(step, warning string) {
	r.reporter.Warned(step, warning)
	r.each(func(o observer) { o.Warned(step, warning) })
}

// Finished passes on.
func (r *Run) Finished(step string, f pipeline.Finished) {
	r.reporter.Finished(step, f)
	r.each(func(o observer) { o.Finished(step, f) })
}

// Failed passes on.
func (r *Run) Failed(step string, err error) {
	r.reporter.Failed(step, err)
	r.each(func(o observer) { o.Failed(step, err) })
}
