package pipeline

import (
	"errors"
	"fmt"
	"os"

	"github.com/ferry-clir/ferry/sinks"
)

// sweepAll removes what killed runs left half-written and this one, which holds the lock, does not write again: beside what is
// remembered of runs, beside the manifest, and of what was complete but for that.
func (r *Run) sweepAll() error {
	p := r.pipeline
	err := errors.Join(sinks.Sweep(p.Work), sinks.Sweep(p.runsFolder()), sinks.Sweep(p.manifestFile()))
	for _, u := range r.units {
		if u.present {
			err = errors.Join(err, r.sweep(u), r.checkpoint(u, nil).remove())
		}
	}
	if err != nil {
		return fmt.Errorf("removing what an earlier run left: %w", err)
	}
	return nil
}

// sweep removes what a killed run left half-written in place of what u is to write.
func (r *Run) sweep(u *unit) error {
	err := errors.Join(sinks.Sweep(r.store.folder(u.key)), os.RemoveAll(r.scratch(u)))
	if c, ok := u.step.component.(sink); ok {
		for _, file := range c.Files() {
			err = errors.Join(err, sinks.Sweep(file))
		}
	}
	return err
}
