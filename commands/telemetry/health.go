package telemetry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/pipeline"
)

// health is how the pipelines that are watched stand.
type health struct {
	pipelines []*watched
	scheduled bool
}

// A watched pipeline.
type watched struct {
	*pipeline.Pipeline
	label string
	pulse *pulse

	mutex    sync.Mutex
	size     int64 // of the cache
	measured bool
}

// live answers that the process is there.
func (h *health) live(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "live\n") }

// ready answers with a line for each pipeline, and with status 503 if anything is wrong with one.
func (h *health) ready(w http.ResponseWriter, _ *http.Request) {
	status, text := http.StatusOK, ""
	for _, p := range h.pipelines {
		facts, problems := h.look(p, time.Now())
		verdict := "ready"
		if len(problems) > 0 {
			status, verdict = http.StatusServiceUnavailable, "not ready"
		}
		text += p.label + ": " + verdict + ": " + strings.Join(append(problems, facts...), "; ") + "\n"
	}
	answer(w, status, text)
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// look tells how a pipeline stands, and what is wrong. How earlier runs ended, and whether one is due, is wrong of a schedule alone.
func (h *health) look(p *watched, now time.Time) (facts, problems []string) {
	b := p.pulse.now()
	if b.stalled(now) {
		problems = append(problems, fmt.Sprintf("stalled: no progress for %v", now.Sub(b.moved).Round(time.Second)))
	}
	if b.active {
		facts = append(facts, strings.TrimSpace("run "+b.run)+fmt.Sprintf(" at work since %s, %d of %d steps there, last progress %v ago",
			stamp(b.began), b.there, b.steps, now.Sub(b.moved).Round(time.Second)))
	}
	status, err := p.Status()
	if err != nil {
		return facts, append(problems, err.Error())
	}
	if o := status.Holder; o != nil && o.PID != os.Getpid() {
		facts = append(facts, "another run is at work in its folder: "+o.String())
	}
	if !h.scheduled {
		return facts, problems
	}
	problems = append(problems, status.Problems...)
	if r := status.Last; r != nil {
		facts = append(facts, strings.Join(strings.Fields(fmt.Sprintf("last run %s at %s %s", r.Outcome, stamp(r.Ended()), r.Error)), " "))
	}
	return append(facts, "next due at "+stamp(status.Next)), problems
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// cache is what the cache took when it was measured last, unless that was never.
func (p *watched) cache() (bytes int64, known bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.size, p.measured
}

// rest is the least time between two measurements; they take no more than a hundredth of all time.
const rest = 10 * time.Second

// measure measures the caches again and again, until ctx ends.
func (h *health) measure(ctx context.Context) {
	for ctx.Err() == nil {
		started := time.Now()
		for _, p := range h.pipelines {
			size := p.CacheBytes()
			p.mutex.Lock()
			p.size, p.measured = size, true
			p.mutex.Unlock()
		}
		select {
		case <-ctx.Done():
		case <-time.After(max(rest, 99*time.Since(started))):
		}
	}
}
