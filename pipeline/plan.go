package pipeline

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A Plan is what a run would do.
type Plan struct {
	units    []*unit
	pipeline *Pipeline
}

// Plan lays out what a run would do, without reading data. The pipeline must have been checked.
func (p *Pipeline) Plan(ctx context.Context) (Plan, error) {
	s, h := openStore(p.Work, memory.DefaultAllocator), openHashes(p.Work)
	units, err := p.units(ctx, s, h)
	if err != nil {
		return Plan{}, err
	}
	for _, u := range units {
		if err := u.countDone(s); err != nil {
			return Plan{}, err
		}
	}
	if err := h.save(); err != nil {
		return Plan{}, fmt.Errorf("writing cache: %w", err)
	}
	return Plan{units, p}, nil
}

// countDone finds the shards that an interrupted run left behind.
func (u *unit) countDone(s store) error {
	if _, ok := u.step.component.(rowWise); !ok || u.present {
		return nil
	}
	for i := 0; ; i++ {
		n, ok, err := s.read(u.key, taskName(i))
		if err != nil || !ok || !s.complete(u.key, n, false) {
			return err
		}
		for name, shards := range n.Shards {
			for _, done := range shards {
				if t := u.tables[name]; t != nil {
					t.publish(done)
				}
			}
		}
	}
}

// Write draws the plan as a tree: each sink, below it what it reads, and so on. A step that several read is drawn once
// and referred to after that.
func (p Plan) Write(w io.Writer) error {
	drawn := map[*unit]bool{}
	for _, u := range p.units {
		if u.step.Section == "sinks" {
			if err := p.draw(w, u, "", "", drawn); err != nil {
				return err
			}
		}
	}
	var run, present int
	for _, u := range p.units {
		switch {
		case u.step.Section == "models" || u.twin != nil:
		case u.needed:
			run++
		case u.present:
			present++
		}
	}
	if _, err := fmt.Fprintf(w, "\n%d steps to run, %d done\n", run, present); err != nil {
		return err
	}
	return p.pipeline.WriteDownloads(w)
}

func (p Plan) draw(w io.Writer, u *unit, branch, indent string, drawn map[*unit]bool) error {
	label := fmt.Sprintf("%s (%s)", u.name(), u.step.kind.name)
	if drawn[u] && len(u.inputs) > 0 {
		_, err := fmt.Fprintf(w, "%s%s, see above\n", branch, label)
		return err
	}
	drawn[u] = true
	if _, err := fmt.Fprintf(w, "%s%s%s\n", branch, label, u.state()); err != nil {
		return err
	}
	var below []*unit
	seen := map[*unit]bool{}
	for _, in := range u.inputs {
		if !seen[in.unit] {
			below = append(below, in.unit)
			seen[in.unit] = true
		}
	}
	for i, b := range below {
		own, next := "├─ ", "│  "
		if i == len(below)-1 {
			own, next = "└─ ", "   "
		}
		if err := p.draw(w, b, indent+own, indent+next, drawn); err != nil {
			return err
		}
	}
	return nil
}

// state says whether a unit is done and how many rows it has, or probably will have.
func (u *unit) state() string {
	var parts []string
	switch {
	case u.step.Section == "models":
	case u.present:
		parts = append(parts, "done")
	case u.twin != nil:
		parts = append(parts, "the same as "+u.twin.name())
	case u.needed && u.shardsDone() > 0:
		parts = append(parts, fmt.Sprintf("will go on after %d shards", u.shardsDone()))
	case u.needed:
		parts = append(parts, "will run")
	default:
		parts = append(parts, "not needed")
	}
	if rows, known := u.estimate(); known && u.step.Section != "sinks" {
		word := fmt.Sprintf("%d rows", rows)
		if !u.present {
			word = "about " + word
		}
		parts = append(parts, word)
	}
	if u.step.model != nil {
		parts = append(parts, fmt.Sprintf("%s, %d layers of %d", u.step.model.Config.ModelType, u.step.model.Config.Layers, u.step.model.Config.Hidden))
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

func (u *unit) shardsDone() int {
	most := 0
	for _, t := range u.tables {
		most = max(most, len(t.shards))
	}
	return most
}

// estimate is the number of rows that a unit has or, for a row-wise stage, that its input has.
func (u *unit) estimate() (int64, bool) {
	if u.present && len(u.step.tables) > 0 {
		for _, t := range u.step.tables {
			if own := u.tables[t.Name]; own != nil {
				return own.rows(), true
			}
		}
	}
	if w, ok := u.step.component.(rowWise); ok {
		if in := u.cutInput(w.RowWise()); in != nil {
			if in.unit.present {
				return in.readTable().rows(), true
			}
			return in.unit.estimate()
		}
	}
	return 0, false
}
