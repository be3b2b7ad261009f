package pipeline

import "time"

// makes tells whether this process makes the unit, or waits for another to make it.
func (r *Run) makes(u *unit) bool {
	return u.needed && u.twin == nil && (u.waited || r.options.Share.does(u))
}

// planned are the steps that the run's reporter is told of.
func (r *Run) planned() (steps []Planned) {
	for _, u := range r.units {
		if u.step.Section != "models" && (u.present || r.makes(u)) {
			steps = append(steps, Planned{u.name(), u.step.Kind(), string(u.key)})
		}
	}
	return steps
}

// finished is what a reporter is told of a unit that has been made in such a time.
func (n note) finished(took time.Duration) Finished {
	return Finished{Rows: n.Counts.Out, Dropped: n.Counts.Dropped, Bad: n.Counts.Bad, Took: took, Summary: n.Summary}
}
