package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ferry-clir/ferry/pipeline/tables"
)

// A process that cannot make its share of a unit leaves a note beside what is there, so that others do not wait for it.

const failedMark = "failed-"

func failedName(s Share) string { return failedMark + s.name() }

// noteFailure leaves that note, with the rows that were put into quarantine.
func (r *Run) noteFailure(ctx context.Context, u *unit, failed error) error {
	share := r.options.Share
	if r.peers == nil || !share.does(u) {
		return nil
	}
	failure := fmt.Sprintf("%s, by the process of tasks %s", failed, share)
	if elsewhere := (*errElsewhere)(nil); errors.As(failed, &elsewhere) {
		failure = elsewhere.text
	}
	n := r.failureNote(u, failure, failed)
	err := r.store.write(u.key, failedName(share), n)
	if at := r.peers.meeting; err == nil && at != nil {
		if err = at.mirror.putFiles(ctx, u.key, n); err == nil {
			err = at.mirror.putJSON(ctx, at.folder+at.failure(u, share.Number), n)
		}
	}
	return err
}

// failureNote says, in words, why a unit could not be made, and which of its rows are in quarantine.
func (r *Run) failureNote(u *unit, failure string, failed error) note {
	var short *Shortage
	n := note{Shards: map[string][]tables.Shard{}, Failure: failure, Short: errors.As(failed, &short)}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, b := range r.bad {
		if b.unit == u {
			n.Shards[quarantine] = append(n.Shards[quarantine], b.shards...)
		}
	}
	return n
}

// readFailure reads the note of a process that could not make a unit, and tells whether it did that before this one began.
func (r *Run) readFailure(u *unit, process int) (n note, old, ok bool, err error) {
	name := failedName(Share{process, r.options.Share.Of})
	info, err := os.Stat(filepath.Join(r.store.folder(u.key), name+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return n, false, false, nil
	}
	if err != nil {
		return n, false, false, fmt.Errorf("reading cache: %w", err)
	}
	n, ok, err = r.store.read(u.key, name)
	return n, info.ModTime().Before(r.peers.began), ok, err
}

// readFailure does so for one that may be on another machine.
func (at *meeting) readFailure(ctx context.Context, u *unit, process int) (n note, old, ok bool, err error) {
	changed, ok, err := at.look(ctx, at.failure(u, process))
	if err != nil || !ok {
		return n, false, false, err
	}
	data, err := at.mirror.objects.Read(ctx, at.folder+at.failure(u, process))
	if errors.Is(err, fs.ErrNotExist) {
		return n, false, false, nil // it has just been started again
	}
	return n, changed.Before(at.began), err == nil && json.Unmarshal(data, &n) == nil, err
}

// grace is how long a process that failed before this one began has to be started again.
const grace = time.Minute

// failedNote is the error of a process that could not make its share of a unit and is not trying again; nil if there is none.
func (r *Run) failedNote(ctx context.Context, u *unit, process int, absent time.Duration) error {
	n, old, ok, err := r.readFailure(u, process)
	if err == nil && !ok && r.peers.meeting != nil {
		n, old, ok, err = r.peers.meeting.readFailure(ctx, u, process)
	}
	if err != nil || !ok || old && absent < min(grace, r.options.Wait) {
		return err
	}
	r.addFailed(u, n)
	if old {
		n.Failure += fmt.Sprintf("; start it again with --tasks %s", Share{process, r.options.Share.Of})
	}
	return n.elsewhere()
}

// addFailed adds to the quarantine the rows of a note that says that something failed, once.
func (r *Run) addFailed(u *unit, n note) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, s := range n.Shards[quarantine] {
		if !slices.ContainsFunc(r.bad, func(b badShards) bool { return b.unit == u && slices.Contains(b.shards, s) }) {
			r.bad = append(r.bad, badShards{u, []tables.Shard{s}})
		}
	}
}
