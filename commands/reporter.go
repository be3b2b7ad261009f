package commands

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/pipeline"
)

// A reporter tells a person or a log how a run goes, and keeps the summaries to be shown at the end.
type reporter interface {
	pipeline.Reporter
	began(run string)
	results() []string
	close()
}

func newReporter(how string, t *terminal) reporter {
	if how == "auto" && t.screen {
		how = "bars"
	}
	if how == "bars" {
		return newBars(t.Err)
	}
	return &lines{log: t.logger()}
}

// lines tells a run as log lines.
type lines struct {
	log       *slog.Logger
	mutex     sync.Mutex
	told      map[string]time.Time
	summaries []summaryOf
	present   int
}

// began names the run in all lines from now on.
func (l *lines) began(run string) { l.log = l.log.With("run", run) }

type summaryOf struct{ step, text string }

// Planned says nothing.
func (l *lines) Planned([]pipeline.Planned) {}

func (l *lines) Present(step string, f pipeline.Finished) {
	l.summarize(step, f.Summary)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.present++
}

// summarize keeps a summary for the end, unless it is empty: the last, of a step that had to be made again.
func (l *lines) summarize(step, summary string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if summary != "" {
		l.summaries = slices.DeleteFunc(l.summaries, func(s summaryOf) bool { return s.step == step })
		l.summaries = append(l.summaries, summaryOf{step, summary})
	}
}

func (l *lines) Started(step string) { l.log.Info("started", "step", step) }

// every is how often a step's progress makes a line.
const every = 10 * time.Second

func (l *lines) Progress(step string, done, total int64, message string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.told == nil {
		l.told = map[string]time.Time{}
	}
	last, ok := l.told[step]
	if !ok {
		last = time.Now()
		l.told[step] = last
	}
	if time.Since(last) < every {
		return
	}
	l.told[step] = time.Now()
	l.log.Info("progress", "step", step, "done", done, "total", max(0, total), "message", message)
}

// Trained says nothing: progress does.
func (l *lines) Trained(string, float64) {}

// Warned writes a line at the level of warnings.
func (l *lines) Warned(step, warning string) {
	var about []any
	if step != "" {
		about = []any{"step", step}
	}
	l.log.Warn("warning: "+warning, about...)
}

func (l *lines) Finished(step string, f pipeline.Finished) {
	l.summarize(step, f.Summary)
	level := slog.LevelInfo
	args := []any{"step", step}
	for _, table := range sorted(f.Rows) {
		args = append(args, table, f.Rows[table])
	}
	for _, reason := range sorted(f.Dropped) {
		args = append(args, "dropped_"+reason, f.Dropped[reason])
	}
	if f.Bad > 0 {
		level = slog.LevelWarn
		args = append(args, "quarantined", f.Bad)
	}
	l.log.Log(context.Background(), level, "finished", append(args, "seconds", float64(f.Took.Milliseconds())/1000)...)
}

func (l *lines) Failed(step string, err error) {
	l.log.Error("failed", "step", step, "because", err.Error())
}

// results are the summaries; where there are several, each is told by its step.
func (l *lines) results() []string {
	sort.Slice(l.summaries, func(i, j int) bool { return l.summaries[i].step < l.summaries[j].step })
	var texts []string
	for _, s := range l.summaries {
		if len(l.summaries) > 1 {
			s.text = "\n" + s.step + "\n" + s.text
		}
		texts = append(texts, s.text)
	}
	return texts
}

func (l *lines) close() {
	if l.present > 0 {
		l.log.Info("already done", "steps", l.present)
	}
}

func sorted(m map[string]int64) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// rowsText is what a finished step did, for people.
func rowsText(f pipeline.Finished) string {
	var parts []string
	for _, table := range sorted(f.Rows) {
		parts = append(parts, fmt.Sprintf("%d %s", f.Rows[table], strings.ReplaceAll(table, "_", " ")))
	}
	for _, reason := range sorted(f.Dropped) {
		parts = append(parts, fmt.Sprintf("%d dropped (%s)", f.Dropped[reason], reason))
	}
	if f.Bad > 0 {
		parts = append(parts, fmt.Sprintf("%d in quarantine", f.Bad))
	}
	return strings.Join(parts, ", ")
}
