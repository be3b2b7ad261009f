package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A process that cannot make its share of a unit leaves a note beside what is there, so that others do not wait for it.

const failedMark = "failed-"

func failedName(s Share) string { return fmt.Sprintf("%s%d%s", failedMark, s.Number, sharesOf(s)) }

// noteFailure leaves that note, with the rows that were put into quarantine.
func (r *Run) noteFailure(u *unit, failed error) error {
	share := r.options.Share
	if r.peers == nil || !share.does(u) {
		return nil
	}
	failure := fmt.Sprintf("%s, by the process of tasks %s", failed, share)
	if elsewhere := (*errElsewhere)(nil); errors.As(failed, &elsewhere) {
		failure = elsewhere.text
	}
	return r.store.write(u.key, failedName(share), r.failureNote(u, failure))
}

// failureNote says why a unit could not be made, and which of its rows are in quarantine.
func (r *Run) failureNote(u *unit, failure string) note {
	n := note{Shards: map[string][]shard{}, Failure: failure}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, b := range r.bad {
		if b.unit == u {
			n.Shards[quarantine] = append(n.Shards[quarantine], b.shards...)
		}
	}
	return n
}

// grace is how long a process that failed before this one began has to be started again.
const grace = time.Minute

// failedNote is the error of a process that could not make its share of a unit and is not trying again; nil if there is none.
func (r *Run) failedNote(u *unit, process int, absent time.Duration) error {
	name := failedName(Share{process, r.options.Share.Of})
	info, err := os.Stat(filepath.Join(r.store.folder(u.key), name+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading cache: %w", err)
	}
	old := info.ModTime().Before(r.peers.began)
	if old && absent < min(grace, r.options.Wait) {
		return nil
	}
	n, ok, err := r.store.read(u.key, name)
	if err != nil || !ok {
		return err
	}
	r.addFailed(u, n)
	if old {
		n.Failure += fmt.Sprintf("; start it again with --tasks %s", Share{process, r.options.Share.Of})
	}
	return &errElsewhere{n.Failure}
}

// addFailed adds to the quarantine the rows of a note that says that something failed, once.
func (r *Run) addFailed(u *unit, n note) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, s := range n.Shards[quarantine] {
		if !slices.ContainsFunc(r.bad, func(b badShards) bool { return b.unit == u && slices.Contains(b.shards, s) }) {
			r.bad = append(r.bad, badShards{u, []shard{s}})
		}
	}
}
