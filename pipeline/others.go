package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path"
	"slices"
	"time"
)

// Notes are looked for at longer and longer intervals.
const (
	shortestPause = 50 * time.Millisecond
	longestPause  = 5 * time.Second
)

// A wait is for what other processes make of a unit.
type wait struct {
	run   *Run
	unit  *unit
	since time.Time
	pause time.Duration
}

func (r *Run) newWait(u *unit) *wait { return &wait{r, u, time.Now(), shortestPause} }

// errElsewhere is why another process could not make something.
type errElsewhere struct {
	text  string
	short bool
}

func (n note) elsewhere() error { return &errElsewhere{n.Failure, n.Short} }

func (e *errElsewhere) Error() string { return e.text }

// As tells a shortage of another process from other failures.
func (e *errElsewhere) As(target any) bool {
	s, ok := target.(**Shortage)
	if ok = ok && e.short; ok {
		*s = &Shortage{Problem: e.text}
	}
	return ok
}

// next returns when it is time to look again; an error if what is missing is not to be expected any more.
func (w *wait) next(ctx context.Context, missing ...piece) error {
	for _, m := range missing {
		absent, err := w.run.peers.unheard(ctx, m.process)
		if err != nil {
			return err
		}
		if err := w.run.failedNote(ctx, w.unit, m.process, absent); err != nil {
			return err
		}
		if absent > w.run.options.Wait {
			share := Share{m.process, w.run.options.Share.Of}
			missed := fmt.Sprintf("no process has been at work on tasks %s, to which %s belongs, for %v", share, m.what, absent.Round(time.Second))
			if stranger := w.run.peers.inVain(ctx); stranger != nil {
				return fmt.Errorf("%s; %w", missed, stranger)
			}
			return fmt.Errorf("%s; start it with --tasks %s", missed, share)
		}
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(w.pause):
	}
	w.pause = min(w.pause*3/2, longestPause)
	return nil
}

// A piece is something that is missing, and the number of the process that makes it.
type piece struct {
	what    string
	process int
}

// awaitUnit waits until another process has made the unit, and takes it over.
func (r *Run) awaitUnit(ctx context.Context, u *unit) (note, error) {
	cut := u.rowWise()
	if !cut { // else its shards have been waited for
		if err := r.await(ctx, u); err != nil {
			return note{}, err
		}
	}
	missing := piece{"this step", r.options.Share.owner(u, 0)}
	message := fmt.Sprintf("seconds of waiting for the process of tasks %s", Share{missing.process, r.options.Share.Of})
	for w := r.newWait(u); ; {
		n, ok, err := r.pipeline.made(ctx, u, r.store, r.hashes)
		if err != nil {
			return note{}, err
		}
		if !ok {
			n, ok, err = r.store.mirror.find(ctx, u)
		}
		if err != nil {
			return note{}, err
		}
		if ok {
			if !cut {
				r.publish(u, n)
			}
			r.tellPresent(u, n)
			return n, nil
		}
		r.options.Reporter.Progress(u.name(), int64(time.Since(w.since).Seconds()), 0, message)
		if err := w.next(ctx, missing); err != nil {
			return note{}, err
		}
	}
}

// awaitShards publishes what other processes make of a unit that is cut as the table from is, until all is there. It returns
// their notes by shard.
func (r *Run) awaitShards(ctx context.Context, u *unit, from *table) (map[int]note, error) {
	notes := map[int]note{}
	for w := r.newWait(u); ; {
		there, err := r.store.tasks(u.key)
		if err != nil {
			return nil, err
		}
		for _, number := range there {
			if _, known := notes[number]; known || r.options.Share.owns(u, number) {
				continue
			}
			n, ok, err := r.store.finished(u.key, taskName(number))
			if err != nil {
				return nil, err
			}
			if ok {
				r.publish(u, n)
				notes[number] = n
				w.pause = shortestPause
			}
		}
		if err := r.takeStored(ctx, w, notes); err != nil {
			return nil, err
		}
		missing, all := r.missingShards(u, from, notes)
		if all {
			return notes, nil
		}
		if err := w.next(ctx, missing...); err != nil {
			return nil, err
		}
	}
}

// takeStored publishes what other processes have made of a unit and put into the store, and adds their notes by shard.
func (r *Run) takeStored(ctx context.Context, w *wait, notes map[int]note) error {
	l, err := r.store.mirror.list(ctx, w.unit.key)
	if err != nil {
		return err
	}
	for _, number := range taskNumbers(maps.Keys(l)) {
		if _, known := notes[number]; known || r.options.Share.owns(w.unit, number) {
			continue
		}
		n, ok, err := r.store.mirror.listed(ctx, w.unit.key, taskName(number), l)
		if err != nil {
			return err
		}
		if ok {
			r.publish(w.unit, n)
			notes[number] = n
			w.pause = shortestPause
		}
	}
	return nil
}

// mostMissing is how many missing shards are looked at: who is to make them will be missed some time.
const mostMissing = 4

// finishedTasks are the numbers of the tasks of a unit that are done.
func (s store) finishedTasks(ctx context.Context, k key) ([]int, error) {
	numbers, err := s.tasks(k)
	if err != nil {
		return nil, err
	}
	var finished []int
	for _, number := range numbers {
		_, ok, err := s.finished(k, taskName(number))
		if err != nil {
			return nil, err
		}
		if ok {
			finished = append(finished, number)
		}
	}
	stored, err := s.mirror.finishedTasks(ctx, k)
	return append(finished, stored...), err
}

// missingShards are the first shards that other processes can make and have not yet; all tells whether there will be no more.
func (r *Run) missingShards(u *unit, from *table, notes map[int]note) (missing []piece, all bool) {
	published, total := from.published()
	for _, s := range published {
		number := s.Number
		if _, known := notes[number]; !known && !r.options.Share.owns(u, number) && len(missing) < mostMissing {
			missing = append(missing, piece{fmt.Sprintf("shard %d", number), r.options.Share.owner(u, number)})
		}
	}
	return missing, len(missing) == 0 && len(published) == total
}

// tasks are the numbers of a unit's task notes, in order.
func (s store) tasks(k key) ([]int, error) {
	entries, err := os.ReadDir(s.folder(k))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading cache: %w", err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return taskNumbers(slices.Values(names)), nil
}

// taskNumbers are the numbers of the task notes among names of files or objects, in order.
func taskNumbers(names iter.Seq[string]) (numbers []int) {
	for name := range names {
		var number int
		name = path.Base(name)
		if _, err := fmt.Sscanf(name, "task-%d.json", &number); err == nil && name == taskName(number)+".json" {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers
}
