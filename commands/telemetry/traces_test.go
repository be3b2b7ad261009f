package telemetry

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/ferry-clir/ferry/pipeline"
)

const failing = `
name: traced
max_bad_rows: 50%
sources:
  documents: {kind: jsonl, path: documents.jsonl, language: en}
  others: {kind: jsonl, path: others.jsonl, language: en}
sinks:
  documents: {kind: parquet, from: documents, path: out/documents.parquet}
  others: {kind: parquet, from: others, path: out/others.parquet}
`

// TestTraces sends the traces of a run, of which a step fails, and of one that finds much done, to a collector: a span for each run,
// and in it one for each step.
func TestTraces(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "pipeline.yaml", failing)
	write(t, folder, "documents.jsonl", "{\"id\": \"d1\", \"text\": \"noon\"}\n{\"id\"\n")
	write(t, folder, "others.jsonl", "{\"id\"\n")
	p := load(t, filepath.Join(folder, "pipeline.yaml"))
	received := &received{}
	server := httptest.NewServer(received)
	defer server.Close()
	w, err := Open(t.Context(), Options{Traces: server.URL, Tell: func(_ slog.Level, text string) { t.Error(text) }}, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := runWatched(t, w, p); err == nil {
		t.Fatal("the run succeeded")
	}
	write(t, folder, "others.jsonl", "{\"id\": \"o1\", \"text\": \"night\"}\n")
	if err := runWatched(t, w, load(t, p.File)); err != nil {
		t.Fatal(err)
	}
	odd := w.Run(p, quiet{})
	odd.Began("odd")
	odd.Failed("sources.others", errors.New("a byte that is not UTF-8: \xff"))
	odd.Ended(pipeline.Failed, nil)
	w.Close(t.Context())
	if run := received.run("odd"); run == nil || len(received.steps(run)) != 1 {
		t.Errorf("of an odd error there is %v", run)
	}
	if received.service != "ferry" {
		t.Errorf("service %q", received.service)
	}

	runs, err := p.Runs()
	if err != nil || len(runs) != 2 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	manifest := manifestOf(t, p)
	for i, want := range []struct {
		outcome, failed string
		cached          bool
	}{{"failed", "others.jsonl:1: bad_json", false}, {"succeeded", "", true}} {
		root := received.run(runs[i].ID())
		if root == nil {
			t.Fatalf("run %d has no span", i)
		}
		if root.Name != "run traced" || textOf(root, "ferry.pipeline") != "traced" || textOf(root, "ferry.outcome") != want.outcome || !strings.Contains(root.Status.GetMessage(), want.failed) {
			t.Errorf("run %d: %v", i, root)
		}
		steps := received.steps(root)
		documents := steps["sources.documents.documents"]
		if documents == nil || textOf(documents, "ferry.kind") != "jsonl" || textOf(documents, "ferry.key") != manifest[0].Key ||
			valueOf(documents, "ferry.cached").GetBoolValue() != want.cached || valueOf(documents, "ferry.rows.documents").GetIntValue() != 1 ||
			valueOf(documents, "ferry.quarantined").GetIntValue() != 1 || documents.Status.GetCode() != trace.Status_STATUS_CODE_UNSET {
			t.Errorf("run %d: %v", i, documents)
		}
		others := steps["sources.others.documents"]
		if others == nil || !strings.Contains(others.Status.GetMessage(), want.failed) || (others.Status.GetCode() == trace.Status_STATUS_CODE_ERROR) != (want.failed != "") {
			t.Errorf("run %d: %v", i, others)
		}
		if others.StartTimeUnixNano < root.StartTimeUnixNano || others.EndTimeUnixNano > root.EndTimeUnixNano || others.EndTimeUnixNano < others.StartTimeUnixNano {
			t.Errorf("run %d: the step's span is not in the run's", i)
		}
	}
	if second := received.steps(received.run(runs[1].ID())); len(second) != len(manifest) {
		t.Errorf("%d spans for %d steps", len(second), len(manifest))
	}
}

// TestTracesLost has collectors that are not there, refuse, quoting the credentials, or never answer: a person is told once, in the end at
// the latest, and the run is what it is without.
func TestTracesLost(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no access for "+r.Header.Get("Authorization"), http.StatusUnauthorized)
	}))
	defer refusing.Close()
	over := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-over
	}))
	defer silent.Close()
	defer close(over)
	folder := t.TempDir()
	write(t, folder, "pipeline.yaml", failing)
	write(t, folder, "documents.jsonl", "{\"id\": \"d1\", \"text\": \"noon\"}\n")
	write(t, folder, "others.jsonl", "{\"id\": \"d1\", \"text\": \"noon\"}\n")
	p := load(t, filepath.Join(folder, "pipeline.yaml"))
	for _, c := range []struct{ address, headers, says string }{
		{"http://127.0.0.1:1", "authorization=Bearer%20hunter2hunter2", "connection refused"},
		{refusing.URL, "authorization=Basic%20hunter2hunter2", "401"},
		{refusing.URL, "Basic hunter2hunter2", "missing '="},
		{refusing.URL, "x=hunter2hunter2,y=%zz", "invalid URL escape"},
		{silent.URL, "", "does not answer within 1s"},
	} {
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.address)
		t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", c.headers)
		var mutex sync.Mutex
		var told []string
		w, err := Open(t.Context(), Options{Tell: func(_ slog.Level, text string) {
			mutex.Lock()
			defer mutex.Unlock()
			told = append(told, text)
		}}, p)
		if err != nil {
			t.Fatal(err)
		}
		if err := runWatched(t, w, p); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if c.address == silent.URL {
			cancel() // who is interrupted waits less
		}
		w.Close(ctx)
		cancel()
		mutex.Lock()
		all := strings.Join(told, "\n")
		if !strings.Contains(all, c.says) || strings.Count(all, "traces are not sent") > 1 || strings.Contains(all, "hunter2") {
			t.Errorf("%s: told %q", c.says, told)
		}
		mutex.Unlock()
	}
	if _, err := Open(t.Context(), Options{Traces: "localhost:4318"}, p); err == nil || !strings.Contains(err.Error(), "--traces should be the URL") {
		t.Errorf("an address that is no URL: %v", err)
	}
}

// received are the spans that a collector got.
type received struct {
	mutex   sync.Mutex
	spans   []*trace.Span
	service string
}

func (r *received) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	var got collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &got)
	}
	if err != nil || request.URL.Path != "/v1/traces" {
		http.Error(w, request.URL.Path, http.StatusBadRequest)
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, of := range got.ResourceSpans {
		for _, a := range of.Resource.Attributes {
			if a.Key == "service.name" {
				r.service = a.Value.GetStringValue()
			}
		}
		for _, scope := range of.ScopeSpans {
			r.spans = append(r.spans, scope.Spans...)
		}
	}
}

// run is the span of a run, nil if there is none.
func (r *received) run(id string) *trace.Span {
	for _, s := range r.spans {
		if textOf(s, "ferry.run.id") == id {
			return s
		}
	}
	return nil
}

// steps are the spans in a run's, by step.
func (r *received) steps(run *trace.Span) map[string]*trace.Span {
	steps := map[string]*trace.Span{}
	for _, s := range r.spans {
		if hex.EncodeToString(s.ParentSpanId) == hex.EncodeToString(run.SpanId) && hex.EncodeToString(s.TraceId) == hex.EncodeToString(run.TraceId) {
			steps[textOf(s, "ferry.step")] = s
		}
	}
	return steps
}

func valueOf(s *trace.Span, name string) *common.AnyValue {
	for _, a := range s.Attributes {
		if a.Key == name {
			return a.Value
		}
	}
	return nil
}

func textOf(s *trace.Span, name string) string { return valueOf(s, name).GetStringValue() }
