package commands

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/ferry-clir/ferry/commands/telemetry"
	"github.com/ferry-clir/ferry/pipeline"
)

// watchFlags say how runs can be watched by others than who reads the log.
type watchFlags struct {
	Listen string `placeholder:"ADDRESS" help:"Serve /metrics for Prometheus, /healthz and /readyz, such as at 127.0.0.1:9090; without a host it is for this machine alone, and port 0 is any that is free."`
	Pprof  bool   `help:"With --listen: serve /debug/pprof, too, for go tool pprof."`
	Traces string `placeholder:"URL" help:"Send traces of runs to an OpenTelemetry collector, such as http://localhost:4318; without it OTEL_EXPORTER_OTLP_ENDPOINT says where to, if it is set."`
}

// watch lets pipelines be watched. Its Close must follow.
func (f watchFlags) watch(ctx context.Context, t *terminal, scheduled bool, pipelines ...*pipeline.Pipeline) (*telemetry.Watch, error) {
	if f.Pprof && f.Listen == "" {
		return nil, fmt.Errorf("%w--pprof needs --listen, which says where profiles are served", errUsage)
	}
	w, err := telemetry.Open(ctx, telemetry.Options{Listen: f.Listen, Pprof: f.Pprof, Traces: f.Traces, Scheduled: scheduled,
		Tell: func(level slog.Level, text string) { t.say(level, "ferry: ", text) }}, pipelines...)
	if err != nil {
		return nil, fmt.Errorf("%w%w", errUsage, err)
	}
	return w, nil
}
