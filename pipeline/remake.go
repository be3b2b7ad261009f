package pipeline

import (
	"context"
	"errors"
	"slices"

	"github.com/ferry-clir/ferry/pipeline/tables"
)

// What lies in the store is believed to be there, and what it was made of may be nowhere by then. That it is damaged or gone is found
// when it is read. Then all is made that does not need it, and after that, in the same run, what is missing, and whatever that reads.

// remake has units made again that are spoiled in the store, and those tried again that could not be made for lack of them. It
// tells whether there are any.
func (r *Run) remake() bool {
	spoiled := r.store.mirror.takeSpoiled()
	if len(spoiled) == 0 {
		return false
	}
	r.failures = slices.DeleteFunc(r.failures, func(f failure) bool { return f.unit.again })
	var needed []*unit
	for _, u := range r.units { // what is made of others comes after those
		if u.needed {
			needed = append(needed, u)
		}
		switch {
		case u.twin != nil && spoiled[u.key]:
			u.present, u.tables, u.ready = false, u.twin.tables, u.twin.ready
		case u.twin != nil:
			u.ready = u.maker().ready
		case spoiled[u.key]:
			r.reset(u)
			u.mine = true // the others may believe it to be there
		case u.again:
			r.reset(u)
		}
	}
	for _, u := range r.units {
		if u.mine {
			u.need()
		}
	}
	for _, u := range r.units {
		if u.needed && !slices.Contains(needed, u) {
			u.mine, u.waited = true, true
		}
	}
	return true
}

// reset forgets what a unit made, or that it could not be made.
func (r *Run) reset(u *unit) {
	r.bad = slices.DeleteFunc(r.bad, func(b badShards) bool { return b.unit == u })
	if r.remote != nil {
		delete(r.remote.waves, u)
	}
	u.present, u.stored, u.failed, u.again, u.note = false, false, false, false, note{}
	u.waited, u.ready = true, make(chan struct{})
	u.offer(r.store)
}

// bringLast gets from the store what is read when all is made: bad rows, and what somebody asked for who has no sink.
func (r *Run) bringLast(ctx context.Context) error {
	if r.store.mirror == nil || !r.options.Share.first() {
		return nil
	}
	for _, u := range r.units {
		if u.twin != nil || !u.isMade() {
			continue
		}
		last := note{Shards: map[string][]tables.Shard{quarantine: u.note.Shards[quarantine]}}
		if u.step.wanted {
			last = u.note
		}
		if err := r.store.fetchAll(ctx, u.key, last); err != nil && !errors.Is(err, errSpoiled) {
			return err
		}
	}
	return nil
}
