package pipeline

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/stages"
)

// produce waits for what a unit reads and makes what it makes.
func (r *Run) produce(ctx context.Context, u *unit) (note, time.Duration, error) {
	if err := r.await(ctx, u); err != nil {
		return note{}, 0, err
	}
	goroutines := 1
	inParts, err := r.inParts(ctx, u)
	if err != nil {
		return note{}, 0, err
	}
	elsewhere := r.remote != nil && (u.alone() || u.rowWise() || inParts)
	if u.alone() && !elsewhere && !inParts {
		leave, err := enter(ctx, r.alone)
		if err != nil {
			return note{}, 0, err
		}
		defer leave()
		goroutines = r.options.Workers
	}
	started := time.Now()
	if err := r.pipeline.needsMore(u); err != nil {
		return note{}, 0, err
	}
	r.options.Reporter.Started(u.name())
	defer r.guard.works(u)()
	if r.remote == nil { // else that was done before anybody wrote there
		if err := r.sweep(u); err != nil {
			return note{}, 0, fmt.Errorf("removing what an earlier run left: %w", err)
		}
	}
	var n note
	switch {
	case elsewhere && u.rowWise():
		n, err = r.computeElsewhere(ctx, u)
		return n, time.Duration(n.Seconds * float64(time.Second)), err
	case elsewhere:
		if inParts {
			_, err = r.computeElsewhere(ctx, u)
		}
		if err == nil {
			n, err = r.makeElsewhere(ctx, u)
		}
		return n, time.Since(started), err
	case u.rowWise():
		n, err = r.computeShards(ctx, u)
	case inParts:
		n, err = r.computeParts(ctx, u)
	default:
		n, err = r.produceWhole(ctx, u, goroutines)
	}
	took := r.cpu.took(u.name())
	n.Seconds += took.Seconds()
	return n, took, err
}

// produceWhole makes what a unit makes in one piece.
func (r *Run) produceWhole(ctx context.Context, u *unit, goroutines int) (n note, err error) {
	cpu := r.cpu.begin(u.name(), goroutines)
	defer cpu.end()
	ctx = cpu.within(ctx)
	switch c := u.step.component.(type) {
	case source:
		n, err = r.readSource(ctx, u, c)
	case sink:
		n, err = r.drain(ctx, u, c)
	case stage:
		n, err = r.compute(ctx, u, c.Run, cpu)
	}
	n.CPU += cpu.end()
	return n, err
}

func (r *Run) readSource(ctx context.Context, u *unit, c source) (note, error) {
	t := r.newTask(u, u.tables, 0, false)
	err := c.Read(ctx, u.source, t.outputs(ctx)[u.source])
	if err == nil {
		err = r.checkFiles(c)
	}
	if err == nil && t.counts.Out[u.source] == 0 {
		err = r.emptied(u, t.counts)
	}
	if err == nil && t.counts.Out[u.source] == 0 {
		t.warn(fmt.Sprintf("there are no %s: what is made of them is empty, too; are the files complete?", u.source))
	}
	return t.end(err)
}

// emptied is the error of a table without rows that had more than may be lost when it was made last.
func (r *Run) emptied(u *unit, c counts) error {
	if !r.pipeline.MaxBadRows.allows(c.Bad, rowsRead(c, u)) { // that is told when all are counted
		return nil
	}
	return r.pipeline.lostRows(u, r.pipeline.knownSteps())
}

// lostRows is the error of a table without rows, if there were more than may be lost in what is known of it.
func (p *Pipeline) lostRows(u *unit, past map[string]madeStep) error {
	n, ok, err := openStore(p.Work, nil).read(past[u.name()].Result, done)
	had := n.Counts.Out[u.source]
	if err != nil || !ok || p.MaxBadRows.allows(had, had) {
		return nil
	}
	return fmt.Errorf("there are no %s, and there were %d when this was made last; if that is meant, run once with --set max_bad_rows=100%%", u.source, had)
}

// foreseeEmptied warns of tables that are going to fail for that, since their files hold nothing at all.
func (p *Pipeline) foreseeEmptied(units []*unit, past map[string]madeStep) (warnings []string) {
	for _, u := range units {
		if c, ok := u.step.component.(source); ok && u.needed && u.twin == nil && holdNothing(c) {
			if err := p.lostRows(u, past); err != nil {
				warnings = append(warnings, fmt.Sprintf("%s will fail: %s", u.name(), err))
			}
		}
	}
	return warnings
}

// holdNothing tells whether all files of a source are empty.
func holdNothing(c source) bool {
	files, err := c.Files()
	return err == nil && len(files) > 0 && !slices.ContainsFunc(files, func(file string) bool {
		stat, err := os.Stat(file)
		return err != nil || stat.IsDir() || stat.Size() > 0
	})
}

const scratch = "scratch"

// scratch is a folder for what a stage does not hold in memory, of this process alone.
func (r *Run) scratch(u *unit) string {
	name := scratch
	if r.guest {
		name = fmt.Sprintf("%s-%08x", scratch, rand.Uint32())
	}
	return filepath.Join(r.store.folder(u.key), name)
}

// checkFiles makes sure that what was read is what the source's key was made from.
func (r *Run) checkFiles(c source) error {
	files, err := c.Files()
	if err != nil {
		return err
	}
	for _, file := range files {
		if r.hashes.Changed(file) {
			return fmt.Errorf("reading %s: it changed meanwhile; run again when it is complete", file)
		}
	}
	return nil
}

// compute makes all of a unit by run, its stage's if that is not row-wise.
func (r *Run) compute(ctx context.Context, u *unit, run func(context.Context, stages.Job) (*model.Model, error), cpu *spell) (note, error) {
	job, release, err := r.job(ctx, u)
	if err != nil {
		return note{}, err
	}
	defer release()
	saved := r.checkpoint(u, cpu)
	t := r.newTask(u, u.tables, 0, false)
	job.Outputs, job.Scratch, job.Checkpoint = t.outputs(ctx), r.scratch(u), saved
	warning, err := r.strangers(ctx, u)
	if err != nil {
		return note{}, err
	}
	if warning != "" {
		t.warn(warning)
	}
	made, err := run(ctx, job)
	saved.close(err)
	if removed := os.RemoveAll(job.Scratch); err == nil {
		err = removed
	}
	refusal := refusalIn(&err)
	var written map[string]content.Sum
	if err == nil && made != nil {
		written, err = r.store.writeModel(ctx, u.key, made.DescendedFrom(ancestors(u.step.component, job.Models)), r.guest)
	}
	for _, in := range u.inputs {
		if table := in.readTable(); table != nil {
			t.counts.In[in.ref] = max(0, table.rows())
		}
	}
	n, err := t.end(err)
	r.guard.published(note{Model: written}.bytes())
	n.Model, n.Refusal, n.CPU, n.Seconds = written, refusal, saved.before.CPU, saved.before.Seconds
	return n, err
}

// job gathers a stage's inputs and waits for its models.
func (r *Run) job(ctx context.Context, u *unit) (stages.Job, func(), error) {
	job := stages.Job{
		Tables: map[string][]schemas.Table{}, Models: map[string]*model.Model{},
		Seed: u.step.seedOr(r.pipeline.Seed), Workers: r.options.Workers,
		Progress: func(done, total int64, message string) {
			r.options.Reporter.Progress(u.name(), done, total, message)
		},
		Trained: func(loss float64) { r.options.Reporter.Trained(u.name(), loss) },
	}
	var held []*unit
	release := func() {
		for _, from := range held {
			r.models.release(from)
		}
	}
	for _, in := range u.inputs {
		if !in.model {
			t := in.readTable().whole(in.ref)
			t.MadeOf = u.step.madeOf(in.edge)
			if u.step.Section == "sinks" {
				lineage, err := in.lineage(ctx)
				if err != nil {
					release()
					return job, nil, err
				}
				t.Schema = schemas.WithPrefix(schemas.WithLineage(t.Schema, lineage), in.prefix())
			}
			job.Tables[in.key] = append(job.Tables[in.key], t)
			continue
		}
		m, err := r.models.open(ctx, in.unit)
		if err != nil {
			release()
			return job, nil, err
		}
		held = append(held, in.unit)
		job.Models[in.key] = m
	}
	return job, release, nil
}

func (r *Run) drain(ctx context.Context, u *unit, c sink) (note, error) {
	job, release, err := r.job(ctx, u)
	if err != nil {
		return note{}, err
	}
	defer release()
	summary, err := c.Write(ctx, sinks.Job{Tables: job.Tables, Models: job.Models, Progress: job.Progress,
		Provenance: func() (sinks.Provenance, error) { return r.provenance(ctx, u.step) }})
	if err != nil {
		return note{}, err
	}
	n := note{Counts: newCounts(), Summary: summary, Files: map[string]string{}}
	for _, in := range u.inputs {
		if table := in.readTable(); table != nil {
			n.Counts.In[in.ref] = table.rows()
		}
	}
	if err := r.hashFiles(ctx, c.Files(), n.Files); err != nil {
		return n, err
	}
	var files []string
	for file := range n.Files {
		files = append(files, absolute(r.pipeline.dir, file))
	}
	return n, u.step.delivery.put(ctx, files)
}
