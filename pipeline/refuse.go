package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/stages"
)

// A Refusal is the error of a run that a stage ended on purpose: what it made is complete, and so are the sinks that show it.
type Refusal = stages.Refusal

// refusalIn takes a refusal out of an error and returns its reason; empty if there is none.
func refusalIn(err *error) string {
	var refusal *Refusal
	if !errors.As(*err, &refusal) {
		return ""
	}
	*err = nil
	return refusal.Reason
}

// refuse ends the run if the unit, which is made, refuses it to go on: once the sinks that read findings alone are written.
func (r *Run) refuse(ctx context.Context, u *unit) error {
	if u.note.Refusal == "" {
		return nil
	}
	for _, s := range r.units {
		if s.step.Section != "sinks" || !s.needed || !s.readsFindingsOnly() {
			continue
		}
		if err := until(ctx, s.ready); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %w", u.name(), &Refusal{Reason: u.note.Refusal})
}

func (u *unit) readsFindingsOnly() bool {
	for _, in := range u.inputs {
		if table := in.readTable(); table == nil || !table.schema.HasField(schemas.Severity) {
			return false
		}
	}
	return len(u.inputs) > 0
}
