package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/ferry-clir/ferry/pipeline"
)

// traces are sent to a collector, in the background.
type traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	secrets  *pipeline.Secrets
	tell     func(slog.Level, string)

	mutex sync.Mutex
	told  time.Time // when a person was last told that they do not get away
}

const (
	// Spans that wait to be sent: those of a large grid of which everything is there come all at once.
	mostWaiting = 1 << 16
	// What the end of a run, or of an interrupted one, waits for a collector.
	patience, interruptedPatience = 3 * time.Second, time.Second
	// What OpenTelemetry calls a warning.
	warnings = slog.Level(-1)
	// A collector that is away for long is told of now and then.
	repeat = 10 * time.Minute
)

// newTraces returns nil if neither the options nor the environment ask for traces.
func newTraces(ctx context.Context, o Options) (*traces, error) {
	var options []otlptracehttp.Option
	if o.Traces != "" {
		u, err := url.Parse(o.Traces)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, errors.New("--traces should be the URL of a collector, such as http://localhost:4318")
		}
		if strings.Trim(u.Path, "/") == "" {
			u.Path = "/v1/traces"
		}
		options = append(options, otlptracehttp.WithEndpointURL(u.String()))
	} else if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return nil, nil
	}
	t := &traces{tell: o.Tell, secrets: pipeline.NewSecrets(os.Environ(), headers()...)}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(t.failed))
	otel.SetLogger(logr.FromSlogHandler(slog.NewTextHandler(misread{t}, &slog.HandlerOptions{Level: warnings, ReplaceAttr: withoutValues})))
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("--traces: %s", t.clean(err.Error()))
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "ferry"), attribute.String("service.version", pipeline.Version())),
		resource.WithHost(), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		t.failed(err) // and about is what could be found out
	}
	t.provider = sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter, sdktrace.WithMaxQueueSize(mostWaiting)), sdktrace.WithResource(about))
	t.tracer = t.provider.Tracer("github.com/ferry-clir/ferry")
	return t, nil
}

// headers are the values of those that the environment has for collectors: credentials, which servers like to quote.
func headers() (values []string) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"} {
		for _, header := range strings.Split(os.Getenv(name), ",") {
			_, value, _ := strings.Cut(header, "=")
			plain, _ := url.PathUnescape(value)
			values = append(values, append(strings.Fields(plain), value)...) // Bearer or Basic is a word of its own
		}
	}
	return slices.DeleteFunc(values, func(value string) bool { return len(value) < 8 }) // too short to be secret, or to be hidden
}

// clean hides secrets, and what no collector takes: a byte that is not UTF-8, as errors about a file quote it, loses all that is sent with it.
func (t *traces) clean(text string) string {
	return strings.ToValidUTF8(t.secrets.Redact(text), "\uFFFD")
}

// failed tells, now and then, that traces do not get away. They are no reason to fail.
func (t *traces) failed(err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if time.Since(t.told) > repeat {
		t.told = time.Now()
		t.tell(slog.LevelWarn, "traces are not sent: "+t.clean(err.Error()))
	}
}

// misread tells what is wrong with the variables of the environment.
type misread struct{ *traces }

func (m misread) Write(line []byte) (int, error) {
	m.tell(slog.LevelWarn, "the environment's OTEL_ variables: "+m.clean(strings.TrimSpace(string(line))))
	return len(line), nil
}

// withoutValues leaves of what OpenTelemetry logs what it says and the error: the rest may be credentials.
func withoutValues(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.MessageKey || a.Key == "err" {
		return a
	}
	return slog.Attr{}
}

// close waits for what is left to be sent, but not for long.
func (t *traces) close(ctx context.Context) {
	wait := patience
	if ctx.Err() != nil {
		wait = interruptedPatience
	}
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), wait, fmt.Errorf("the collector does not answer within %v", wait))
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		t.failed(err)
	}
}
