package pipeline

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A Plan is what a run would do.
type Plan struct {
	units    []*unit
	pipeline *Pipeline
	known    map[string]madeStep // of what was made before
	warning  string              // about the store
	engine   *enginePlan
}

// Plan lays out what a run would do, without reading data or asking an engine. The pipeline must have been checked.
func (p *Pipeline) Plan(ctx context.Context) (Plan, error) {
	s := openStore(p.Work, memory.DefaultAllocator)
	plan := Plan{pipeline: p, known: p.knownSteps()}
	var err error
	if s.mirror, err = p.openMirror(ctx, s, false, func(warning string) { plan.warning = warning }); err != nil {
		return Plan{}, err
	}
	defer s.mirror.close()
	if s, plan.units, err = p.layOutWith(ctx, s); err != nil {
		return Plan{}, err
	}
	for _, u := range plan.units {
		u.saved = s.savedState(u.key)
		if err := u.countDone(s); err != nil {
			return Plan{}, err
		}
		if u.present {
			u.refused = p.checkBudget(u, u.note.Counts)
		}
	}
	plan.engine, err = p.planEngine(ctx, s, plan.units)
	return plan, err
}

// countDone finds the shards that an interrupted run left behind: all, or those before the first that is missing if their number is not
// known.
func (u *unit) countDone(s store) error {
	if !u.rowWise() || u.present {
		return nil
	}
	total := u.shardsToCome()
	for i := 0; total < 0 || i < total; i++ {
		n, ok, err := s.finished(u.key, taskName(i))
		if err != nil || !ok && total < 0 {
			return err
		}
		if !ok {
			continue
		}
		for name, shards := range n.Shards {
			for _, done := range shards {
				if t := u.tables[name]; t != nil {
					t.publish(done)
				}
			}
		}
	}
	return nil
}

// Write draws the plan as a tree: each sink, below it what it reads, and so on. A step that several read is drawn once
// and referred to after that; the variants of a step are drawn as one.
func (p Plan) Write(w io.Writer) error {
	variants := map[string][]*unit{}
	for _, u := range p.units {
		variants[u.entryName()] = append(variants[u.entryName()], u)
	}
	drawing := &drawing{w, variants, map[string]bool{}, p.known, p.engine}
	for _, u := range p.units {
		if u.step.Section == "sinks" && !drawing.drawn[u.entryName()] {
			if err := drawing.draw(u.entryName(), "", ""); err != nil {
				return err
			}
		}
	}
	var run, present, twins, idle int
	for _, u := range p.units {
		switch {
		case u.step.Section == "models":
		case u.twin != nil:
			twins++
		case u.needed:
			run++
		case u.present:
			present++
		default:
			idle++
		}
	}
	total := fmt.Sprintf("\n%d steps to run, %d done", run, present)
	for _, others := range []struct {
		n     int
		words string
	}{{twins, "the same as others"}, {idle, "not needed"}} {
		if others.n > 0 {
			total += fmt.Sprintf(", %d %s", others.n, others.words)
		}
	}
	if p.pipeline.Cells > 0 {
		total += fmt.Sprintf(", in %d cells", p.pipeline.Cells)
	}
	for _, u := range p.units {
		if u.refused != nil {
			total += fmt.Sprintf("\nthe run will fail: %s: %s", u.name(), u.refused)
		}
	}
	if p.warning != "" {
		total += "\nwarning: " + p.pipeline.secrets.Redact(p.warning)
	}
	if _, err := fmt.Fprintln(w, total); err != nil {
		return err
	}
	if err := p.engine.write(w, p.units); err != nil {
		return err
	}
	if err := p.writeForecast(w); err != nil {
		return err
	}
	return p.pipeline.WriteDownloads(w)
}

// StepCount is the number of steps that a plan counts and a run runs: of a source one a table that somebody reads, and no models,
// which are there already. The pipeline must have been checked.
func (p *Pipeline) StepCount() (n int) {
	for _, s := range p.Steps {
		if s.Section != "models" {
			n += len(p.unitTables(s))
		}
	}
	return n
}

// A drawing is a plan that is being drawn.
type drawing struct {
	w        io.Writer
	variants map[string][]*unit // by entry
	drawn    map[string]bool    // entries
	known    map[string]madeStep
	engine   *enginePlan
}

// entryName is the unit's name without a cell.
func (u *unit) entryName() string {
	if u.step.Cell == "" {
		return u.name()
	}
	return strings.Replace(u.name(), "["+u.step.Cell+"]", "", 1)
}

func (d *drawing) draw(entry, branch, indent string) error {
	variants := d.variants[entry]
	label := fmt.Sprintf("%s (%s)", entry, variants[0].step.kind.name)
	var below []string
	seen := map[string]bool{}
	for _, u := range variants {
		for _, in := range u.inputs {
			if name := in.unit.entryName(); !seen[name] {
				below = append(below, name)
				seen[name] = true
			}
		}
	}
	if d.drawn[entry] && len(below) > 0 {
		_, err := fmt.Fprintf(d.w, "%s%s, see above\n", branch, label)
		return err
	}
	d.drawn[entry] = true
	if _, err := fmt.Fprintf(d.w, "%s%s%s\n", branch, label, d.stateOf(variants)); err != nil {
		return err
	}
	for i, b := range below {
		own, next := "├─ ", "│  "
		if i == len(below)-1 {
			own, next = "└─ ", "   "
		}
		if err := d.draw(b, indent+own, indent+next); err != nil {
			return err
		}
	}
	return nil
}

// stateOf says how it is with the variants of an entry; where they differ, which is how.
func (d *drawing) stateOf(variants []*unit) string {
	if variants[0].step.Cell == "" {
		return variants[0].state(d.known, d.engine)
	}
	var statuses []string
	cells := map[string][]string{}
	for _, u := range variants {
		status := u.status()
		if place := d.engine.place(u); place != "" {
			status += ", " + place
		}
		if len(cells[status]) == 0 {
			statuses = append(statuses, status)
		}
		cells[status] = append(cells[status], u.step.Cell)
	}
	if len(statuses) == 1 {
		return strings.TrimSuffix(fmt.Sprintf(": %d variants, %s", len(variants), statuses[0]), ", ")
	}
	state := fmt.Sprintf(": %d variants", len(variants))
	for _, status := range statuses {
		state += fmt.Sprintf("; %s: %s", status, strings.Join(cells[status], " "))
	}
	return state
}

// status says whether a unit is done; nothing of a model that exists.
func (u *unit) status() string {
	switch {
	case u.step.Section == "models":
		return ""
	case u.stored:
		return "in store"
	case u.present:
		return "done"
	case u.twin != nil:
		return "the same as " + u.twin.name()
	case u.needed && u.shardsDone() > 0:
		of := ""
		if total := u.shardsToCome(); total >= 0 {
			of = fmt.Sprintf(" of %d", total)
		}
		return fmt.Sprintf("will go on after %d%s shards", u.shardsDone(), of)
	case u.needed && u.saved != "":
		return "will go on from the saved " + u.saved
	case u.needed:
		return "will run"
	}
	return "not needed"
}

// state says whether a unit is done, or why it is not, and how many rows it has, or probably will have.
func (u *unit) state(known map[string]madeStep, e *enginePlan) string {
	var parts []string
	if status := u.status(); status != "" {
		parts = append(parts, status)
	}
	if reasons := u.why(known); u.needed || u.step.Section == "models" {
		parts = append(parts, strings.Join(reasons, "; "))
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	if rows, known := u.estimate(); known && u.step.Section != "sinks" {
		word := fmt.Sprintf("%d rows", rows)
		if !u.present {
			word = "about " + word
		}
		parts = append(parts, word)
	}
	if f, known := u.forecast(known); known && u.needed {
		parts = append(parts, f.String())
	}
	if place := e.place(u); place != "" {
		parts = append(parts, place)
	}
	if u.step.model != nil {
		parts = append(parts, fmt.Sprintf("%s, %d layers of %d", u.step.model.Config.ModelType, u.step.model.Config.Layers, u.step.model.Config.Hidden))
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// shardsToCome is how many a row-wise stage has when it is done, -1 if that is not known yet.
func (u *unit) shardsToCome() int {
	_, total := u.shardsFrom().readTable().published()
	return total
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
	if in := u.shardsFrom(); in != nil {
		return in.rowsToCome()
	}
	return 0, false
}
