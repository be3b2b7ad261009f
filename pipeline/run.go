package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/stages"
)

// Options are how a pipeline is run; none of them changes a byte of the result.
type Options struct {
	Workers  int // goroutines that compute; 0 means one a core
	Reporter Reporter
	// Checkpoint is how long training goes on before its state is saved again; 0 means ten minutes.
	Checkpoint time.Duration
	// Record is filled in with how the run went; of a scheduled run it says when that was due. It may be nil.
	Record *Record
	// Allocator of the record batches that pass through; nil means Arrow's default.
	Allocator memory.Allocator
}

// A Run is one execution of a pipeline.
type Run struct {
	pipeline *Pipeline
	options  Options
	store    store
	hashes   *hashes
	units    []*unit
	models   *models
	slots    chan struct{} // taken by each task of a row-wise stage
	alone    chan struct{} // taken by what runs alone
	cpu      *cpuTimes
	started  time.Time

	mutex    sync.Mutex
	bad      []badShards
	failures []failure
	notMade  int // for lack of what failed
}

// Run makes what the sinks ask for and is not there yet. It returns when everything is written that can be, with an error that
// names all steps that failed, or soon after ctx is cancelled; no half-written file is left either way, and a later Run
// goes on from there. Only one Run may work in a folder at a time; another returns an error at once.
func (p *Pipeline) Run(ctx context.Context, o Options) error {
	if o.Record == nil {
		o.Record = &Record{}
	}
	return p.execute(ctx, o, (*Run).writeManifest)
}

// execute makes what is asked for, calls finish, and writes a record if it was given one.
func (p *Pipeline) execute(ctx context.Context, o Options, finish func(*Run) error) error {
	if o.Workers <= 0 {
		o.Workers = runtime.NumCPU()
	}
	if o.Checkpoint <= 0 {
		o.Checkpoint = 10 * time.Minute
	}
	if o.Allocator == nil {
		o.Allocator = memory.DefaultAllocator
	}
	owner, unlock, err := lock(p.Work)
	if err != nil {
		return err
	}
	defer unlock()
	r := &Run{pipeline: p, options: o, store: openStore(p.Work, o.Allocator), hashes: openHashes(p.Work), slots: make(chan struct{}, o.Workers), alone: make(chan struct{}, 1), cpu: newCPUTimes(), started: time.Now()}
	if o.Record == nil {
		return r.execute(ctx, finish)
	}
	if err := p.begin(o.Record, owner); err != nil {
		return err
	}
	return r.end(ctx, r.execute(ctx, finish))
}

func (r *Run) execute(ctx context.Context, finish func(*Run) error) error {
	err := r.pipeline.acquire(ctx, r.options.Reporter)
	if err != nil {
		return err
	}
	if r.units, err = r.pipeline.units(ctx, r.store, r.hashes); err != nil {
		return err
	}
	r.models = newModels(r)
	err = r.makeAll(ctx)
	if saved := r.hashes.save(); err == nil && saved != nil {
		err = fmt.Errorf("writing cache: %w", saved)
	}
	if written := r.writeQuarantine(); err == nil {
		err = written
	}
	if err != nil {
		return err
	}
	return finish(r)
}

// makeAll makes the units that are needed, all at once: each waits for what it reads.
func (r *Run) makeAll(ctx context.Context) error {
	for _, u := range r.units {
		if u.present {
			if err := r.checkRows(u, u.note.Counts); err != nil { // the budget may have shrunk
				return fmt.Errorf("%s: %w", u.name(), err)
			}
			if u.step.Section != "models" {
				r.options.Reporter.Present(u.name(), u.note.Summary)
				for _, warning := range u.note.Counts.Warnings {
					r.options.Reporter.Warned(u.name(), warning)
				}
			}
		}
	}
	tasks := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	for _, u := range r.units {
		if u.present && u.note.Refusal != "" {
			tasks.Go(func(ctx context.Context) error { return r.refuse(ctx, u) })
		}
		if u.needed && u.twin == nil {
			tasks.Go(func(ctx context.Context) error { return r.make(ctx, u) })
		}
	}
	err := tasks.Wait()
	if err == nil {
		err = r.failure()
	}
	for _, u := range r.units {
		if u.twin != nil {
			u.note = u.twin.note
		}
	}
	return err
}

// make makes one unit, as soon as there is something to make it from. Only an error that should end the run is returned.
func (r *Run) make(ctx context.Context, u *unit) error {
	n, took, err := r.produce(ctx, u)
	if err == nil {
		err = r.checkRows(u, n.Counts)
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.addFailure(u, err)
		return nil
	}
	if err := r.store.write(u.key, done, n); err != nil {
		return err
	}
	if err := r.checkpoint(u, nil).remove(); err != nil {
		return err
	}
	r.options.Reporter.Finished(u.name(), Finished{Rows: n.Counts.Out, Dropped: n.Counts.Dropped, Bad: n.Counts.Bad, Took: took, Summary: n.Summary})
	u.note = n
	for name, t := range u.tables {
		t.end(len(n.Shards[name]))
	}
	close(u.ready)
	return r.refuse(ctx, u)
}

// produce waits for what a unit reads and makes what it makes.
func (r *Run) produce(ctx context.Context, u *unit) (note, time.Duration, error) {
	if err := u.await(ctx); err != nil {
		return note{}, 0, err
	}
	goroutines := 1
	if u.alone() {
		select {
		case r.alone <- struct{}{}:
			defer func() { <-r.alone }()
		case <-ctx.Done():
			return note{}, 0, context.Cause(ctx)
		}
		goroutines = r.options.Workers
	}
	started := time.Now()
	r.options.Reporter.Started(u.name())
	if err := r.sweep(u); err != nil {
		return note{}, 0, fmt.Errorf("removing what an earlier run left: %w", err)
	}
	var n note
	var err error
	if c, ok := u.step.component.(rowWise); ok {
		n, err = r.computeShards(ctx, u, c.RowWise())
	} else {
		cpu := r.cpu.begin(goroutines)
		defer cpu.end()
		switch c := u.step.component.(type) {
		case source:
			n, err = r.readSource(ctx, u, c)
		case sink:
			n, err = r.drain(ctx, u, c)
		case stage:
			n, err = r.compute(ctx, u, c, cpu)
		}
		n.CPU += cpu.end()
	}
	took := time.Since(started)
	n.Seconds += took.Seconds()
	return n, took, err
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

func (r *Run) readSource(ctx context.Context, u *unit, c source) (note, error) {
	t := r.newTask(u, 0, false)
	err := c.Read(ctx, u.source, t.outputs(ctx)[u.source])
	if err == nil {
		err = r.checkFiles(c)
	}
	return t.end(err)
}

// scratch is a folder for what a stage does not hold in memory.
func (r *Run) scratch(u *unit) string { return filepath.Join(r.store.folder(u.key), "scratch") }

// checkFiles makes sure that what was read is what the source's key was made from.
func (r *Run) checkFiles(c source) error {
	files, err := c.Files()
	if err != nil {
		return err
	}
	for _, file := range files {
		if r.hashes.changed(file) {
			return fmt.Errorf("reading %s: it changed meanwhile; run again when it is complete", file)
		}
	}
	return nil
}

// compute runs a stage that is not row-wise.
func (r *Run) compute(ctx context.Context, u *unit, c stage, cpu *spell) (note, error) {
	job, release, err := r.job(ctx, u)
	if err != nil {
		return note{}, err
	}
	defer release()
	saved := r.checkpoint(u, cpu)
	before, err := saved.spent()
	if err != nil {
		return note{}, err
	}
	t := r.newTask(u, 0, false)
	job.Outputs, job.Scratch, job.Checkpoint = t.outputs(ctx), r.scratch(u), saved
	made, err := c.Run(ctx, job)
	if removed := os.RemoveAll(job.Scratch); err == nil {
		err = removed
	}
	refusal := refusalIn(&err)
	if err == nil && made != nil {
		err = sinks.WriteModel(r.store.model(u.key), made)
	}
	for _, in := range u.inputs {
		if table := in.readTable(); table != nil {
			t.counts.In[in.ref] = max(0, table.rows())
		}
	}
	n, err := t.end(err)
	n.Refusal, n.CPU, n.Seconds = refusal, before.CPU, before.Seconds
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
	return n, r.hashFiles(ctx, c.Files(), n.Files)
}
