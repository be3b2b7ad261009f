package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/pipeline/host"
	"github.com/ferry-clir/ferry/sources"
)

// A guard ends a run that comes to its bounds, in such a way that the next goes on from what is finished. A nil one lets
// everything pass.
type guard struct {
	run      *Run
	end      context.CancelCauseFunc
	folders  []string     // that are written to
	resident func() int64 // host.Resident, but for tests

	mutex    sync.Mutex
	atWork   map[*unit]bool
	held     usage     // of the work folder
	measured time.Time // when that was last
	took     time.Duration
	written  int64 // since then
}

// alertness is how often a guard looks at memory and disks.
const alertness = 100 * time.Millisecond

// guarded refuses a run that cannot come to its end, and warns of what may come to that. The context that it
// returns ends when a bound is reached; stop must follow.
func (r *Run) guarded(ctx context.Context) (guarded context.Context, stop func(), err error) {
	p := r.pipeline
	refusals, warnings := p.foresee(r.units, p.knownSteps())
	for _, warning := range warnings {
		r.options.Reporter.Warned("", warning)
	}
	if err = errors.Join(refusals...); err != nil {
		return nil, nil, err
	}
	if p.Bounds == (Bounds{}) || !r.guest && !anyToMake(r.units) {
		return ctx, func() {}, nil
	}
	ctx, end := context.WithCancelCause(ctx)
	g := &guard{run: r, end: end, resident: r.options.resident, atWork: map[*unit]bool{}, folders: append([]string{p.Work}, sinkFolders(r.units)...)}
	if g.resident == nil {
		g.resident = host.Resident
	}
	release := func() {}
	if p.Bounds.Memory.Bytes > 0 {
		release = host.LimitMemory(p.Bounds.Memory.Bytes / 10 * 9)
	}
	r.guard = g
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for ctx.Err() == nil {
			g.look()
			select {
			case <-ctx.Done():
			case <-time.After(alertness):
			}
		}
	}()
	return ctx, func() {
		end(nil)
		<-watched
		release()
	}, nil
}

// works says that a unit is at work, until done is called.
func (g *guard) works(u *unit) (done func()) {
	if g == nil {
		return func() {}
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.atWork[u] = true
	return func() {
		g.mutex.Lock()
		defer g.mutex.Unlock()
		delete(g.atWork, u)
	}
}

// published says that so many bytes were written, so that no run writes far more than it may between two looks.
func (g *guard) published(bytes int64) {
	if g == nil {
		return
	}
	g.mutex.Lock()
	g.written += bytes
	g.mutex.Unlock()
	g.look()
}

// look ends the run if a bound is reached.
func (g *guard) look() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for _, short := range []func() error{g.shortOfMemory, g.shortOfFree, g.shortOfDisk} {
		if err := short(); err != nil {
			g.end(err)
		}
	}
}

// goesOn is what there is to say about a run that comes to a bound.
const goesOn = "what is finished is kept, and the next run goes on from there: "

func (g *guard) shortOfMemory() error {
	bound := g.run.pipeline.Bounds.Memory
	if bound.Bytes == 0 || g.resident() <= bound.Bytes {
		return nil
	}
	debug.FreeOSMemory()
	taken := g.resident()
	if taken <= bound.Bytes {
		return nil
	}
	var names []string
	for u := range g.atWork {
		names = append(names, u.name())
	}
	slices.Sort(names)
	what := ""
	if len(names) > 0 {
		what = " for " + strings.Join(names, ", ")
	}
	return &Shortage{fmt.Sprintf("ferry has taken %s of memory%s, and memory: %s allows less", sources.SizeText(taken), what, bound),
		goesOn + "with fewer --workers, smaller batches (batch_tokens, micro_batch), or more memory"}
}

func (g *guard) shortOfFree() error {
	for _, folder := range g.folders {
		if short := g.run.pipeline.shortOfFree(folder); short != nil {
			return &Shortage{short.Problem, goesOn + short.Remedy}
		}
	}
	return nil
}

// shortOfDisk measures the work folder, unless so little time has passed since the last time that measuring would take more than
// a twentieth of it.
func (g *guard) shortOfDisk() error {
	bound := g.run.pipeline.Bounds.Disk
	if bound.Bytes == 0 || g.held.total+g.written <= bound.Bytes && time.Since(g.measured) < 20*g.took {
		return nil
	}
	started := time.Now()
	g.held, g.written = usageOf(g.run.pipeline.Work), 0
	g.measured, g.took = time.Now(), time.Since(started)
	if g.held.total <= bound.Bytes {
		return nil
	}
	return &Shortage{g.held.text(g.run.pipeline, g.run.units) + ", more than disk: " + bound.String(), goesOn + freeDisk}
}
