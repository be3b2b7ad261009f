package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/pipeline/objects"
)

// A taskProgress is how far a process is with a task that makes a step as a whole. It writes that again and again, for who leads the
// run, beside what it looks for as long as the task is wanted. Nobody else reads it, and what cannot be written is left out.
type taskProgress struct {
	Seconds float64  `json:"seconds"` // of work; another number each time
	Done    int64    `json:"done"`    // the rest is as a Reporter is told
	Total   int64    `json:"total"`
	Message string   `json:"message"` // empty until there is one
	Loss    *float64 `json:"loss,omitempty"`
}

const progressName = ".progress"

// progressReporter keeps what it was told last.
type progressReporter struct {
	Reporter
	mutex sync.Mutex
	last  taskProgress
}

func (p *progressReporter) Progress(step string, done, total int64, message string) {
	p.mutex.Lock()
	p.last.Done, p.last.Total, p.last.Message = done, total, message
	p.mutex.Unlock()
	p.Reporter.Progress(step, done, total, message)
}

func (p *progressReporter) Trained(step string, loss float64) {
	p.mutex.Lock()
	p.last.Loss = &loss
	p.mutex.Unlock()
	p.Reporter.Trained(step, loss)
}

// progressOf returns what tells who leads the run how far this process is with a task, through the store if that is not nil.
func (e *Executor) progressOf(l TaskLine, s *objects.Store) (tell func(context.Context)) {
	if l.Shard != nil {
		return func(context.Context) {}
	}
	began, told := time.Now(), e.told
	told.mutex.Lock()
	told.last = taskProgress{}
	told.mutex.Unlock()
	return func(ctx context.Context) {
		told.mutex.Lock()
		told.last.Seconds = time.Since(began).Seconds()
		text, err := json.Marshal(told.last)
		told.mutex.Unlock()
		switch {
		case err != nil:
		case s == nil:
			_ = os.WriteFile(l.While+progressName, text, 0o666)
		default:
			_ = s.Put(ctx, l.While+progressName, bytes.NewReader(text))
		}
	}
}

// longUnheard is how long nothing may be heard of a process that was at work before the user is told. Tests make it less.
var longUnheard = time.Minute

// tellWaiting tells how far the engine is with a unit that it makes as a whole, until ctx ends.
func (r *Run) tellWaiting(ctx context.Context, u *unit, while string) {
	tell := func(began time.Time, message string) {
		r.options.Reporter.Progress(u.name(), int64(time.Since(began).Seconds()), 0, message+" at "+r.remote.address)
	}
	var p taskProgress
	for began, heard := time.Now(), (time.Time{}); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(whileEvery):
		}
		if next, ok := r.readProgress(ctx, while); ok && (heard.IsZero() || next.Seconds != p.Seconds) {
			p, heard = next, time.Now()
			if p.Loss != nil {
				r.options.Reporter.Trained(u.name(), *p.Loss)
			}
		}
		switch {
		case heard.IsZero():
			tell(began, "seconds of waiting for a free core")
		case time.Since(heard) > longUnheard:
			tell(heard, "seconds without a word from the process that makes it")
		case p.Message == "":
			tell(heard.Add(-time.Duration(p.Seconds*float64(time.Second))), "seconds of work")
		default:
			r.options.Reporter.Progress(u.name(), p.Done, p.Total, p.Message)
		}
	}
}

// readProgress is what was written last, false if that is nothing, or half of it.
func (r *Run) readProgress(ctx context.Context, while string) (p taskProgress, ok bool) {
	var text []byte
	if m := r.store.mirror; m != nil {
		text, _ = m.objects.Read(ctx, while+progressName)
	} else {
		text, _ = os.ReadFile(while + progressName)
	}
	return p, json.Unmarshal(text, &p) == nil
}
