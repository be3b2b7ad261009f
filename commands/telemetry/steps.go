package telemetry

import (
	"errors"
	"sync"

	"github.com/ferry-clir/ferry/pipeline"
)

// stepMetrics observes a run for metrics.
type stepMetrics struct {
	*metrics
	label string
	pulse *pulse
	mutex sync.Mutex
	kinds map[string]string // by step
}

// labels are those of a step. What is not planned is downloaded.
func (s *stepMetrics) labels(step string, more ...string) []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	kind, ok := s.kinds[step]
	if !ok {
		kind = "download"
	}
	return append([]string{s.label, step, kind}, more...)
}

// enter puts a step into a state.
func (s *stepMetrics) enter(step, state string) {
	if before := s.pulse.enter(step, state); before != state {
		s.state.DeleteLabelValues(s.labels(step, before)...)
	}
	s.state.WithLabelValues(s.labels(step, state)...).Set(1)
}

func (s *stepMetrics) began(run string) { s.pulse.name(run) }

// Planned lets all steps wait.
func (s *stepMetrics) Planned(steps []pipeline.Planned) {
	s.mutex.Lock()
	for _, step := range steps {
		s.kinds[step.Step] = step.Kind
	}
	s.mutex.Unlock()
	for _, step := range steps {
		s.enter(step.Step, waiting)
		s.quarantined.WithLabelValues(s.labels(step.Step)...) // from 0 on, for the first to be seen as an increase
	}
}

// Present counts no rows: they were counted when they were made.
func (s *stepMetrics) Present(step string, f pipeline.Finished) { s.end(step, cached, f) }

// Started is a state.
func (s *stepMetrics) Started(step string) { s.enter(step, running) }

// Progress keeps the last.
func (s *stepMetrics) Progress(step string, done, total int64, _ string) {
	s.pulse.progress(step, done)
	s.done.WithLabelValues(s.labels(step)...).Set(float64(done))
	s.expected.WithLabelValues(s.labels(step)...).Set(float64(max(0, total)))
}

// Trained keeps the last.
func (s *stepMetrics) Trained(step string, loss float64) {
	s.loss.WithLabelValues(s.labels(step)...).Set(loss)
}

// Warned is for people.
func (s *stepMetrics) Warned(string, string) {}

// Finished counts rows.
func (s *stepMetrics) Finished(step string, f pipeline.Finished) {
	for table, rows := range f.Rows {
		s.rows.WithLabelValues(s.labels(step, table)...).Add(float64(rows))
	}
	for reason, rows := range f.Dropped {
		s.dropped.WithLabelValues(s.labels(step, reason)...).Add(float64(rows))
	}
	s.quarantined.WithLabelValues(s.labels(step)...).Add(float64(f.Bad))
	s.end(step, done, f)
}

func (s *stepMetrics) end(step, state string, f pipeline.Finished) {
	s.seconds.WithLabelValues(s.labels(step)...).Set(f.Took.Seconds())
	s.quarantine.WithLabelValues(s.labels(step)...).Set(float64(f.Bad))
	s.enter(step, state)
}

// Failed is a state, and counts the rows for which the step failed.
func (s *stepMetrics) Failed(step string, err error) {
	var over *pipeline.OverBudget
	if errors.As(err, &over) {
		s.quarantined.WithLabelValues(s.labels(step)...).Add(float64(over.Bad))
		s.quarantine.WithLabelValues(s.labels(step)...).Set(float64(over.Bad))
	}
	s.enter(step, failed)
}

func (s *stepMetrics) ended(pipeline.Outcome, error) {
	for _, step := range s.pulse.end() {
		s.enter(step, unfinished)
	}
}
