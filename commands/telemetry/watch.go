package telemetry

import (
	"context"
	"log/slog"
	"strings"

	"github.com/ferry-clir/ferry/pipeline"
)

// Options say how runs can be watched. The zero value is not at all, unless the environment asks for traces.
type Options struct {
	// Listen is an address to serve metrics and health at, of this machine alone if it names no host; port 0 is any that is free.
	Listen string
	// Pprof serves profiles, too.
	Pprof bool
	// Traces is the URL of an OpenTelemetry collector; without it OTEL_EXPORTER_OTLP_ENDPOINT is, as its specification says.
	Traces string
	// Scheduled says that runs begin when they are due, so that it is a matter of health how they ended, and whether they began.
	Scheduled bool
	// Tell is told what a person should know; secrets are hidden by whoever shows it.
	Tell func(level slog.Level, text string)
}

// A Watch is how the runs of some pipelines are watched.
type Watch struct {
	labels  labels
	metrics *metrics // nil if there is no server
	server  *server
	traces  *traces // nil if they are not wanted
}

// Open begins to watch pipelines. An error is about the options: an address that is no address, or taken.
func Open(ctx context.Context, o Options, pipelines ...*pipeline.Pipeline) (*Watch, error) {
	w := &Watch{labels: newLabels(pipelines)}
	var err error
	if w.traces, err = newTraces(ctx, o); err != nil || o.Listen == "" {
		return w, err
	}
	w.metrics = newMetrics()
	health := &health{scheduled: o.Scheduled}
	for _, p := range pipelines {
		health.pipelines = append(health.pipelines, &watched{Pipeline: p, label: w.labels.of(p), pulse: w.metrics.pulse(w.labels.of(p))})
	}
	w.metrics.registry.MustRegister(&standing{health})
	w.server, err = serve(o, w.metrics, health)
	return w, err
}

// Close ends the server at once, and gives what is left of traces a moment to get away: less if ctx has ended.
func (w *Watch) Close(ctx context.Context) {
	if w.server != nil {
		w.server.close()
	}
	if w.traces != nil {
		w.traces.close(ctx)
	}
}

// Run returns what p's next run is to report to, which passes all on to r.
func (w *Watch) Run(p *pipeline.Pipeline, r pipeline.Reporter) *Run {
	return &Run{reporter: r, observe: func() (all []observer) {
		if w.metrics != nil {
			all = append(all, w.metrics.observe(w.labels.of(p)))
		}
		if w.traces != nil {
			all = append(all, w.traces.observe(p))
		}
		return all
	}}
}

// labels tell pipelines apart: by their names or, of several that have one name, by their files.
type labels map[string]int

func newLabels(pipelines []*pipeline.Pipeline) labels {
	named := labels{}
	for _, p := range pipelines {
		named[p.Name]++
	}
	return named
}

func (l labels) of(p *pipeline.Pipeline) string {
	if l[p.Name] > 1 {
		return strings.ToValidUTF8(p.File, "?") // which Prometheus insists on
	}
	return p.Name
}
