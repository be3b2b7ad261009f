package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/pipeline/tables"
)

// A crew is what is laid out to do the tasks of one chain of units.
type crew struct {
	about string // see TaskLine.crew
	run   *Run
	chain []*unit
	cuts  map[*unit]*cutting
}

// open lays out what a task needs, unless that is laid out already.
func (e *Executor) open(ctx context.Context, l TaskLine) (*crew, error) {
	if context.Cause(ctx) != nil {
		return nil, context.Cause(ctx)
	}
	about := l.crew()
	if e.crew != nil && e.crew.about == about {
		return e.crew, nil
	}
	e.dismiss()
	if err := l.fits(ctx); err != nil {
		return nil, err
	}
	open := e.openHere
	if l.Pack != "" {
		open = e.unpack
	}
	r, k, err := open(ctx, l)
	if err != nil {
		return nil, err
	}
	r.guest = true
	c := &crew{about: about, run: r, cuts: map[*unit]*cutting{}}
	if c.chain, err = r.pipeline.chainOf(ctx, l, r, k); err != nil {
		return nil, err
	}
	e.crew = c
	return c, nil
}

// fits tells whether this is the ferry, and the kind of machine, that the task was planned for.
func (l TaskLine) fits(ctx context.Context) error {
	work := l.Work
	if l.Pack != "" { // which is another machine's
		work = ""
	}
	if binary, err := binaryHash(ctx, content.OpenKnown(work)); err != nil {
		return err
	} else if binary != l.Binary {
		host, _ := os.Hostname()
		return fmt.Errorf("this is another ferry than the one that planned the task: the program on %s has the SHA-256 %.12s..., not %.12s...; install the same on all machines", host, binary, l.Binary)
	}
	if isa := kernel.ISA(); isa != l.ISA {
		return fmt.Errorf("the task was planned for the instruction set %s, and this process uses %s, where sums round differently; set FERRY_CPU=%s, or for all what every machine has", l.ISA, isa, l.ISA)
	}
	return nil
}

// chainOf lays out the units of a task and what they read, and makes sure that they are the ones that were planned.
func (p *Pipeline) chainOf(ctx context.Context, l TaskLine, r *Run, k pack) (chain []*unit, err error) {
	if p.mends, err = p.readMends(); err != nil {
		return nil, err
	}
	read := map[string]bool{} // by step and, for a source, table
	for _, s := range p.Steps {
		for _, e := range s.edges {
			if slices.Contains(l.Steps, s.Where()) {
				read[unitID(e.step, e)] = true
			}
		}
	}
	made := map[string]*unit{}
	for _, s := range p.Steps {
		for _, source := range p.unitTables(s) {
			u, id := newUnit(s, source), s.Where()+"."+source
			if slices.Contains(l.Steps, u.name()) {
				u.connect(made)
				chain = append(chain, u)
				err = p.giveKey(ctx, u, r.hashes)
			} else if !read[id] {
				continue
			} else if known, ok := k.Models[s.Where()]; ok {
				u.key = known.Key
			} else if u.key = key(l.Inputs[u.name()]); s.Section == "models" {
				err = p.giveKey(ctx, u, r.hashes)
			}
			if err != nil {
				return nil, err
			}
			u.offer(r.store)
			made[id] = u
			r.units = append(r.units, u)
		}
	}
	if len(chain) != len(l.Steps) || string(chain[len(chain)-1].key) != l.Key {
		return nil, fmt.Errorf("%s is not as it was planned: the pipeline file, a model or the environment on this machine is another, or has changed since", l.Steps[len(l.Steps)-1])
	}
	return chain, p.lookUpInputs(ctx, l, r, chain)
}

// lookUpInputs finds what the chain reads. Of a table that is cut, the shard is known.
func (p *Pipeline) lookUpInputs(ctx context.Context, l TaskLine, r *Run, chain []*unit) error {
	var read []*unit
	for _, u := range r.units {
		in := chain[0].shardsFrom()
		if l.Shard != nil && in != nil && (u == in.unit || slices.Contains(chain, u)) {
			continue
		}
		if err := p.lookUp(ctx, u, r.store, r.hashes); err != nil {
			return err
		}
		read = append(read, u)
	}
	if err := r.store.mirror.lookUp(ctx, read); err != nil {
		return err
	}
	for _, u := range read {
		if !u.present && !slices.Contains(chain, u) {
			return fmt.Errorf("%s is not there yet; its tasks come first", u.name())
		}
	}
	return nil
}

func (c *crew) close() {
	for _, cut := range c.cuts {
		cut.release()
	}
	if m := c.run.store.mirror; m != nil && m.depot == nil { // which has the store open for other crews, too
		m.close()
	}
}

// do does a task within the bounds of the pipeline, and says in the answer how it went.
func (c *crew) do(ctx context.Context, l TaskLine, answer *TaskAnswer) error {
	answer.Step = l.Steps[0]
	ctx, stop, err := c.run.guarded(ctx)
	if err != nil {
		return err
	}
	defer stop()
	for _, u := range c.chain {
		defer c.run.guard.works(u)()
	}
	if err = c.make(ctx, l, answer); err != nil && ctx.Err() != nil {
		return context.Cause(ctx) // of which the error says no more than that it ended
	}
	return err
}

func (c *crew) make(ctx context.Context, l TaskLine, answer *TaskAnswer) error {
	if l.Shard == nil {
		return c.whole(ctx, answer)
	}
	if u := c.chain[0]; u.parts != nil && u.present { // it was merged, and parts are not there any more
		answer.done(u.note, true)
		return nil
	}
	s := tables.Shard{Number: *l.Shard, Rows: l.Rows}
	if l.Content != nil {
		s.Sum = *l.Content
	}
	for i, u := range c.chain {
		answer.Step = u.name()
		n, there, err := c.run.finishedTask(ctx, u.key, s.Number)
		if err == nil && !there {
			n, err = c.compute(ctx, u, s)
		}
		if err != nil {
			return err
		}
		answer.done(n, there)
		if i+1 < len(c.chain) {
			table, _ := c.chain[i+1].shardsFrom().find()
			s = n.Shards[table.Name][0]
		}
	}
	return nil
}

func (c *crew) compute(ctx context.Context, u *unit, s tables.Shard) (note, error) {
	cut := c.cuts[u]
	if cut == nil {
		var err error
		if cut, err = c.run.cut(ctx, u); err != nil {
			return note{}, err
		}
		c.cuts[u] = cut
	}
	n, err := c.run.makeShard(ctx, cut, s)
	if err != nil {
		return note{}, err
	}
	return n, c.run.store.mirror.put(ctx, u.key, taskName(s.Number), n)
}

// whole makes a step that is not cut, or ends one that is.
func (c *crew) whole(ctx context.Context, answer *TaskAnswer) error {
	u := c.chain[0]
	answer.Step = u.name()
	answer.done(u.note, true)
	if !u.present {
		var err error
		if u.note, err = c.run.makeMine(ctx, u, true); err != nil {
			return err
		}
		u.finish()
		answer.done(u.note, false)
		if err := c.run.store.mirror.put(ctx, u.key, done, u.note); err != nil {
			return err
		}
	}
	if u.note.Refusal != "" {
		return errors.New(u.note.Refusal)
	}
	return nil
}

// done says that what a note tells of is there.
func (a *TaskAnswer) done(n note, before bool) {
	a.Rows, a.Outcome = 0, taskDone
	for _, rows := range n.Counts.Out {
		a.Rows += rows
	}
	if before {
		a.Outcome = taskPresent
	}
}

const failedTask = failedMark + "task"

// tellFailure says in the answer why a task failed, and in a note for whoever leads the run.
func (c *crew) tellFailure(ctx context.Context, l TaskLine, err error, answer *TaskAnswer) error {
	if err == nil {
		return nil
	}
	answer.Outcome, answer.Rows, answer.Error = taskFailed, 0, c.run.pipeline.secrets.Redact(err.Error())
	name := failedTask
	if l.Shard != nil {
		name = fmt.Sprintf("%s-%05d", failedTask, *l.Shard)
	}
	for _, u := range c.chain {
		if u.name() != answer.Step {
			continue
		}
		n := c.run.failureNote(u, answer.Error, err)
		if l.Pack == "" {
			return c.run.store.write(u.key, name, n)
		}
		if errors.Is(err, errSpoiled) {
			n.Spoiled = slices.Sorted(maps.Keys(c.run.store.mirror.useless))
		}
		return c.run.store.mirror.putFailure(ctx, l.While, u.key, name, n)
	}
	return nil
}
