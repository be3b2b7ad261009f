package telemetry

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestStalled lets a run be silent: it is not ready any more, until it comes further or ends. Two files of one name are told apart.
func TestStalled(t *testing.T) {
	folders := []string{t.TempDir(), t.TempDir()}
	for _, folder := range folders {
		write(t, folder, "pipeline.yaml", failing)
		write(t, folder, "documents.jsonl", "")
		write(t, folder, "others.jsonl", "")
	}
	a, b := load(t, filepath.Join(folders[0], "pipeline.yaml")), load(t, filepath.Join(folders[1], "pipeline.yaml"))
	w, address := open(t, Options{}, a, b)
	health := &health{pipelines: []*watched{{Pipeline: a, label: a.File, pulse: w.metrics.pulse(a.File)}, {Pipeline: b, label: b.File, pulse: w.metrics.pulse(b.File)}}}
	ready := func(when string, status int, says string) {
		t.Helper()
		answer := httptest.NewRecorder()
		health.ready(answer, nil)
		if got := answer.Body.String(); answer.Code != status || !strings.Contains(got, a.File+": "+says) || !strings.Contains(got, b.File+": ready") {
			t.Errorf("%s: %d, %s", when, answer.Code, got)
		}
	}
	run := w.Run(a, quiet{})
	ready("before", http.StatusOK, "ready")
	run.Began("20260101")
	run.Started("sources.documents")
	run.Progress("sources.documents", 1, 2, "rows")
	later := time.Now().Add(-silence - time.Second)
	p := w.metrics.pulse(a.File)
	silent := func() {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.moved = later
	}
	silent()
	run.Progress("sources.documents", 1, 2, "rows")
	ready("silent", http.StatusServiceUnavailable, "not ready: stalled: no progress for 30m")
	run.Progress("sources.documents", 2, 2, "rows")
	ready("further", http.StatusOK, "ready: run 20260101 at work since ")
	silent()
	run.Ended("failed", nil)
	ready("ended", http.StatusOK, "ready")
	about := map[string]string{"pipeline": a.File, "step": "sources.documents", "kind": "download", "state": "unfinished"}
	got := scrape(t, address)
	expect(t, got, "ferry_step_state", about, 1)
	expect(t, got, "ferry_run_active", map[string]string{"pipeline": a.File}, 0)
	expect(t, got, "ferry_run_active", map[string]string{"pipeline": b.File}, 0)
}
