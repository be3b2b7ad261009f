package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// A wave is the tasks of a chain of units that an engine does at the same time.
type wave struct {
	chain  []*unit
	while  string                 // its tasks are wanted; see TaskLine
	notes  map[*unit]map[int]note // of tasks that are done, by shard
	failed map[*unit]error
	took   time.Duration
	err    error // why it ended early; known, as the others, once ended is closed
	ended  chan struct{}
}

// errWaveEnded is why a unit was not made: another one whose tasks were in the same wave failed.
var errWaveEnded = fmt.Errorf("%w, since a step that goes on with its shards failed", errNotMade)

// computeElsewhere has the engine do the tasks that a unit is cut into, together with those of units that go on with its shards,
// once all that it reads is there.
func (r *Run) computeElsewhere(ctx context.Context, u *unit) (note, error) {
	w := r.remote.waveOf(u)
	if w == nil {
		for _, in := range u.inputs {
			if err := until(ctx, in.unit.ready); err != nil {
				return note{}, err
			}
			if in.unit.maker().failed {
				return note{}, fmt.Errorf("%s %w", in.unit.name(), errNotMade)
			}
		}
		chain := chainFrom(u, r.units, (*unit).isMade)
		for _, one := range chain {
			if err := r.bring(ctx, one); err != nil {
				return note{}, err
			}
		}
		w = r.remote.begin(chain)
		began := time.Now()
		w.err = r.runWave(ctx, w)
		w.took = time.Since(began)
		close(w.ended)
	}
	if err := until(ctx, w.ended); err != nil {
		return note{}, err
	}
	return w.note(u)
}

func (e *remote) waveOf(u *unit) *wave {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.waves[u]
}

func (e *remote) begin(chain []*unit) *wave {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	w := &wave{chain: chain, notes: map[*unit]map[int]note{}, failed: map[*unit]error{}, ended: make(chan struct{})}
	for _, u := range chain {
		e.waves[u], w.notes[u] = w, map[int]note{}
	}
	return w
}

// note is what has become of a unit.
func (w *wave) note(u *unit) (note, error) {
	switch shards, total := w.chain[0].taskTable().published(); {
	case w.failed[u] != nil:
		return note{}, w.failed[u]
	case len(w.notes[u]) == len(shards) && len(shards) == total:
		n := sum(w.notes[u])
		n.Seconds = w.seconds(u)
		return n, nil
	case w.err != nil:
		return note{}, w.err
	}
	return note{}, errWaveEnded
}

// seconds is a unit's part of the time that the wave took: as its tasks' part is of what those of all units took.
func (w *wave) seconds(u *unit) float64 {
	var own, all float64
	for _, other := range w.chain {
		for _, n := range w.notes[other] {
			if all += n.Seconds; other == u {
				own += n.Seconds
			}
		}
	}
	if all == 0 { // nobody noted it
		own, all = 1, float64(len(w.chain))
	}
	return w.took.Seconds() * own / all
}

// done is how many tasks have been done so far, of all units.
func (w *wave) done() (n int) {
	for _, notes := range w.notes {
		n += len(notes)
	}
	return n
}

// longSilence is how long no task may end before the user is told: a large shard takes minutes. Tests make it less.
var longSilence = 5 * time.Minute

// runWave has the engine do what is missing, and publishes what is there as it appears. It ends early when a task fails.
func (r *Run) runWave(ctx context.Context, w *wave) error {
	var tasks []TaskLine
	for line, err := range r.remote.plan.shards(ctx, w.chain) {
		if err != nil {
			return err
		}
		tasks = append(tasks, line)
	}
	slices.SortStableFunc(tasks, func(a, b TaskLine) int { return cmp.Compare(b.Rows, a.Rows) }) // so that all end at about the same time
	while, release, err := r.wantTasks(ctx)
	if err != nil {
		return err
	}
	defer release()
	w.while = while
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	go func() {
		if len(tasks) == 0 {
			done <- nil
			return
		}
		_, err := r.remote.do(ctx, "", while, tasks)
		done <- err
	}()
	silent := time.AfterFunc(longSilence, func() {
		r.remote.warn(fmt.Sprintf("no task has ended for %v; are there executors left, and how far are they? The engine's page tells, and a run that is ended goes on later", longSilence))
	})
	defer silent.Stop()
	for pause, ended := shortestPause, 0; ; pause = min(pause*3/2, longestPause) {
		select {
		case err := <-done:
			return errors.Join(r.collect(ctx, w), err)
		case <-time.After(pause):
		}
		if n := w.done(); n > ended {
			ended = n
			silent.Reset(longSilence)
		}
		began := time.Now()
		if err := r.collect(ctx, w); err != nil {
			cancel(err)
		} else if len(w.failed) > 0 {
			cancel(errWaveEnded)
		}
		pause = max(pause, 4*time.Since(began)) // listing a large folder or store takes long
	}
}

// collect publishes what tasks of a wave have made since it was called last, and finds out which failed.
func (r *Run) collect(ctx context.Context, w *wave) error {
	for _, u := range w.chain {
		fresh, err := r.freshNotes(ctx, u, w.notes[u])
		for _, number := range slices.Sorted(maps.Keys(fresh)) {
			w.notes[u][number] = fresh[number]
			r.publish(u, fresh[number])
			r.tellWarnings(u, fresh[number])
		}
		if err != nil {
			return err
		}
		var rows int64
		for _, n := range w.notes[u] {
			rows += n.read()
		}
		r.options.Reporter.Progress(u.name(), rows, u.taskTable().rows(), "rows")
		if _, failed, err := r.failedTask(ctx, u, w.while); failed && w.failed[u] == nil {
			w.failed[u] = err
		} else if err != nil && !failed {
			return err
		}
	}
	return nil
}

// freshNotes are the notes of tasks of a unit that have been done, but for those that are known, by number.
func (r *Run) freshNotes(ctx context.Context, u *unit, known map[int]note) (map[int]note, error) {
	numbers, err := r.store.tasks(u.key)
	if err != nil {
		return nil, err
	}
	fresh := map[int]note{}
	for _, number := range numbers {
		if _, ok := known[number]; ok {
			continue
		}
		n, ok, err := r.store.finished(u.key, taskName(number))
		if err != nil {
			return nil, err
		}
		if ok {
			fresh[number] = n
		}
	}
	if r.store.mirror == nil {
		return fresh, nil
	}
	there, err := r.store.mirror.taskNotes(ctx, u.key, known)
	maps.Copy(there, fresh)
	return there, err
}

// failedTask tells whether tasks of a unit have left notes that they failed. If so the error is that of the first, and the rows
// that it has put into quarantine are shown.
func (r *Run) failedTask(ctx context.Context, u *unit, while string) (n note, failed bool, err error) {
	if r.store.mirror != nil {
		n, ok, err := r.store.mirror.failure(ctx, while, u.key)
		if err != nil || !ok {
			return note{}, false, err
		}
		for _, name := range n.Spoiled {
			failed = true
			err = r.store.mirror.spoil(name, "is damaged or gone")
		}
		if failed {
			return note{}, true, err
		}
		r.addFailed(u, n)
		return note{}, true, n.elsewhere()
	}
	entries, err := os.ReadDir(r.store.folder(u.key))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return note{}, false, fmt.Errorf("reading cache: %w", err)
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !strings.HasPrefix(name, failedTask) {
			continue
		}
		n, ok, err := r.store.read(u.key, name)
		if err != nil || !ok {
			return note{}, false, err
		}
		r.addFailed(u, n)
		return note{}, true, n.elsewhere()
	}
	return note{}, false, nil
}

// read is the number of rows that a task has read.
func (n note) read() (rows int64) {
	for _, read := range n.Counts.In {
		rows += read
	}
	return rows
}

// tellWarnings tells what was warned of when something was made elsewhere.
func (r *Run) tellWarnings(u *unit, n note) {
	for _, warning := range n.Counts.Warnings {
		r.options.Reporter.Warned(u.name(), warning)
	}
}
