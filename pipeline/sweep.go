package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ferry-clir/ferry/sinks"
)

// sweepAll removes what killed runs left half-written and this one, which holds the lock, does not write again: beside what is
// remembered of runs, beside the manifest, and of what was complete but for that.
func (r *Run) sweepAll(ctx context.Context) error {
	p, share := r.pipeline, r.options.Share
	err := r.giveUp(ctx)
	if share.first() {
		records := func(name string) bool { return share.whole() || name != filepath.Base(p.tasksFile()) } // which others write
		err = errors.Join(err, sinks.Sweep(p.Work), sinks.SweepFolder(p.runsFolder(), records), sinks.Sweep(p.manifestFile()))
	}
	for _, u := range r.units {
		if r.remote != nil && u.needed { // before others write there
			err = errors.Join(err, r.sweep(u))
		} else if u.present && share.owns(u, 0) {
			err = errors.Join(err, r.sweep(u), r.checkpoint(u, nil).remove())
		} else if !u.present { // it is tried again
			err = errors.Join(err, r.store.removeNote(u.key, failedName(share)))
		}
	}
	if err != nil {
		return fmt.Errorf("removing what an earlier run left: %w", err)
	}
	return nil
}

// sweep removes what a killed run left half-written in place of what u is to write.
func (r *Run) sweep(u *unit) error {
	if r.guest { // it may be being written
		return nil
	}
	folder, share := r.store.folder(u.key), r.options.Share
	if r.peers != nil && u.inTasks() && !u.present { // others write there, too
		return sinks.SweepFolder(folder, func(name string) bool { return share.writes(u, name) })
	}
	err := sweepResult(folder)
	if c, ok := u.step.component.(sink); ok {
		for _, file := range c.Files() {
			err = errors.Join(err, sinks.Sweep(file))
		}
	}
	return err
}

// sweepResult removes from the folder of a key what is not part of the result.
func sweepResult(folder string) error {
	err := errors.Join(sinks.Sweep(folder), sweepParts(folder))
	for _, pattern := range []string{scratch + "*", failedTask + "*"} {
		found, _ := fs.Glob(os.DirFS(folder), pattern)
		for _, name := range found {
			err = errors.Join(err, os.RemoveAll(filepath.Join(folder, name)))
		}
	}
	return err
}
