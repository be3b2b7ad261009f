package pipeline

import (
	"context"
	"fmt"
	"io"

	"github.com/ferry-clir/ferry/pipeline/spark"
)

// An enginePlan is what a run would have an engine do, as far as that is known without asking it; nil without one.
type enginePlan struct {
	server string
	tasks  map[string]int  // on shards and parts that are not done, by the step that comes first in them
	chain  map[string]bool // the others
}

// planEngine counts the tasks that are for the pipeline's engine.
func (p *Pipeline) planEngine(ctx context.Context, s store, units []*unit) (*enginePlan, error) {
	if p.Engine == "" || p.Engine == LocalEngine {
		return nil, nil
	}
	e := &enginePlan{p.secrets.Redact(spark.Server(p.Engine)), map[string]int{}, map[string]bool{}}
	for line, err := range (taskPlan{store: s}).inWaves(ctx, units) {
		if err != nil {
			return nil, err
		}
		if line.Shard == nil {
			continue
		}
		e.tasks[line.Steps[0]]++
		for _, step := range line.Steps[1:] {
			e.chain[step] = true
		}
	}
	return e, nil
}

// here is where what no engine does is done.
const here = "here"

// place says where a unit that is to be made is, and in how many tasks; nothing of another.
func (e *enginePlan) place(u *unit) string {
	if e == nil || u.step.Section == "models" || !u.needed || u.twin != nil {
		return ""
	}
	from := u.shardsFrom()
	if u.parts != nil {
		from = u.cutInput(u.parts.Of)
	}
	sized := from == nil || from.unit.present
	switch n := e.tasks[u.name()]; {
	case !u.forElsewhere():
		return here
	case e.chain[u.name()]:
		return "at the engine in the tasks of what it reads"
	case n == 1:
		return "at the engine in 1 task"
	case n > 0 && u.rowWise():
		return fmt.Sprintf("at the engine in %d tasks", n)
	case n > 0:
		return fmt.Sprintf("at the engine in %d tasks and one that merges", n)
	case u.rowWise() && !sized:
		return "at the engine in a task a shard"
	case u.alone() && sized, u.divided() != nil:
		return "at the engine in 1 task"
	case u.alone():
		return "at the engine in 1 task, or more if it is large"
	case !sized:
		return here + ", or at the engine if it is large"
	}
	return here
}

// write says how many steps are for whom.
func (e *enginePlan) write(w io.Writer, units []*unit) error {
	there, all := 0, 0
	for _, u := range units {
		if place := e.place(u); place != "" {
			if all++; place != here && u.forElsewhere() {
				there++
			}
		}
	}
	if all == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "with the engine at %s: %d of these steps there, %d here\n", e.server, there, all-there)
	return err
}
