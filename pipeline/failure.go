package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// A step that fails keeps nothing from being made but what reads it, so that after a night all cells are there that could be.

// errNotMade is what a reader is told of a table that could not be made. It is nobody's failure but its maker's.
var errNotMade = errors.New("could not be made")

// A failure is a unit that could not be made, and why.
type failure struct {
	unit *unit
	err  error
}

// fail says that a unit could not be made: first of it as a whole, so that whoever misses a shard knows why.
func (u *unit) fail() {
	u.failed = true
	close(u.ready)
	for _, t := range u.tables {
		t.fail()
	}
}

// lacksInput tells whether something that the unit reads could not be made.
func (u *unit) lacksInput() bool {
	return slices.ContainsFunc(u.inputs, func(in input) bool { return isClosed(in.unit.ready) && in.unit.maker().failed })
}

// lacksSpoiled tells whether it could not because of what was spoiled in the store.
func (u *unit) lacksSpoiled() bool {
	return slices.ContainsFunc(u.inputs, func(in input) bool { return isClosed(in.unit.ready) && in.unit.maker().again })
}

// maker is the unit itself, or the one of the same key that is made in its place.
func (u *unit) maker() *unit {
	if u.twin != nil && !u.present {
		return u.twin
	}
	return u
}

// addFailure remembers that a unit could not be made and, unless that is because of what it reads, tells it.
func (r *Run) addFailure(ctx context.Context, u *unit, err error) {
	lacksInput := u.lacksInput() || errors.Is(err, errWaveEnded)
	u.again = errors.Is(err, errSpoiled) || lacksInput && u.lacksSpoiled()
	u.fail()
	if !u.again {
		if noted := r.noteFailure(ctx, u, err); noted != nil {
			err = fmt.Errorf("%w; other processes do not know yet: %w", err, noted)
		}
	}
	if lacksInput {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.failures = append(r.failures, failure{u, err})
	if !u.again {
		r.options.Reporter.Failed(u.name(), err)
	}
}

// failure is what a run says at its end of all that could not be made; nil if nothing failed.
func (r *Run) failure() error {
	slices.SortFunc(r.failures, func(a, b failure) int {
		return cmp.Compare(slices.Index(r.units, a.unit), slices.Index(r.units, b.unit))
	})
	var all []error
	for _, f := range r.failures {
		all = append(all, fmt.Errorf("%s: %w", f.unit.name(), f.err))
	}
	if len(all) < 2 {
		return errors.Join(all...)
	}
	notMade := -len(all)
	for _, u := range r.units {
		if u.failed {
			notMade++
		}
	}
	return fmt.Errorf("%d steps failed, and %d that need them were not made; all others were:\n%w", len(all), notMade, errors.Join(all...))
}
