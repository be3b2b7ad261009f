package telemetry

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/ferry-clir/ferry/pipeline"
)

// spans observes a run for a trace: a span for the run, and in it one for each step.
type spans struct {
	*traces
	ctx     context.Context // that of the run's span
	run     trace.Span
	mutex   sync.Mutex
	planned map[string]pipeline.Planned
	open    map[string]trace.Span // by step
}

func (t *traces) observe(p *pipeline.Pipeline) observer {
	ctx, run := t.tracer.Start(context.Background(), "run "+p.Name,
		trace.WithAttributes(attribute.String("ferry.pipeline", p.Name), attribute.String("ferry.file", t.clean(p.File))))
	return &spans{traces: t, ctx: ctx, run: run, planned: map[string]pipeline.Planned{}, open: map[string]trace.Span{}}
}

func (s *spans) began(run string) { s.run.SetAttributes(attribute.String("ferry.run.id", run)) }

// Planned is where kinds and keys come from.
func (s *spans) Planned(steps []pipeline.Planned) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, step := range steps {
		s.planned[step.Step] = step
	}
}

// start begins a step's span. The mutex is held.
func (s *spans) start(step string, cached bool) trace.Span {
	about := []attribute.KeyValue{attribute.String("ferry.step", step), attribute.Bool("ferry.cached", cached)}
	if p, ok := s.planned[step]; ok { // else it is downloaded
		about = append(about, attribute.String("ferry.kind", p.Kind), attribute.String("ferry.key", p.Key))
	}
	_, span := s.tracer.Start(s.ctx, step, trace.WithAttributes(about...))
	return span
}

// take is the step's span, which is at its end: at its beginning, too, unless it was started.
func (s *spans) take(step string, cached bool) trace.Span {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	span := s.open[step]
	if span == nil {
		return s.start(step, cached)
	}
	delete(s.open, step)
	return span
}

// Present makes a span that takes no time.
func (s *spans) Present(step string, f pipeline.Finished) { finish(s.take(step, true), f) }

// Started begins the step's span.
func (s *spans) Started(step string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.open[step] = s.start(step, false)
}

// Progress is a matter for metrics.
func (s *spans) Progress(string, int64, int64, string) {}

// Trained is, too.
func (s *spans) Trained(string, float64) {}

// Warned makes an event of the step's span; of the run's, if the step is not at work.
func (s *spans) Warned(step, warning string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	span := s.open[step]
	if span == nil {
		span = s.run
	}
	span.AddEvent("warning", trace.WithAttributes(attribute.String("ferry.step", step), attribute.String("message", s.clean(warning))))
}

// Finished ends the step's span.
func (s *spans) Finished(step string, f pipeline.Finished) { finish(s.take(step, false), f) }

func finish(span trace.Span, f pipeline.Finished) {
	for prefix, counts := range map[string]map[string]int64{"ferry.rows.": f.Rows, "ferry.dropped.": f.Dropped} {
		for name, rows := range counts {
			span.SetAttributes(attribute.Int64(prefix+name, rows))
		}
	}
	span.SetAttributes(attribute.Int64("ferry.quarantined", f.Bad))
	span.End()
}

// Failed ends it with the error.
func (s *spans) Failed(step string, err error) {
	span := s.take(step, false)
	var over *pipeline.OverBudget
	if errors.As(err, &over) {
		span.SetAttributes(attribute.Int64("ferry.quarantined", over.Bad))
	}
	s.fail(span, err.Error())
	span.End()
}

// fail marks a span.
func (s *spans) fail(span trace.Span, why string) {
	why = s.clean(why)
	span.AddEvent("exception", trace.WithAttributes(attribute.String("exception.message", why)))
	span.SetStatus(codes.Error, why)
}

// ended ends the run's span, and before it those of steps that are not at their end.
func (s *spans) ended(outcome pipeline.Outcome, err error) {
	for _, step := range slices.Sorted(maps.Keys(s.open)) {
		s.Failed(step, errors.New("unfinished when the run ended"))
	}
	if outcome != "" {
		s.run.SetAttributes(attribute.String("ferry.outcome", string(outcome)))
	}
	if err != nil {
		s.fail(s.run, err.Error())
	}
	s.run.End()
}
