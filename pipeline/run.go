package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/pipeline/content"
)

// Options are how a pipeline is run; none of them changes a byte of the result.
type Options struct {
	Workers  int // goroutines that compute; 0 means one a core
	Reporter Reporter
	// Checkpoint is how long training goes on before its state is saved again; 0 means ten minutes.
	Checkpoint time.Duration
	// Record is filled in with how the run went; of a scheduled run it says when that was due. It may be nil.
	Record *Record
	// Began, unless nil, is told the ID of the run's record before anything else happens.
	Began func(run string)
	// Share is what this process does of every wave of tasks, where several do one run; the zero value is all.
	Share Share
	// Wait is how long a share waits for what another process is to make while that is not at work.
	Wait time.Duration
	// Engine is the address of who does tasks on other machines, in place of the pipeline file's; LocalEngine is nobody.
	Engine string
	// EngineBinary is where the other machines have this program; empty if where it is here.
	EngineBinary string
	engine       engine // in its place; for tests
	// Allocator of the record batches that pass through; nil means Arrow's default.
	Allocator memory.Allocator

	resident func() int64 // see guard
}

// A Run is one execution of a pipeline.
type Run struct {
	pipeline *Pipeline
	options  Options
	store    store
	hashes   *content.Known
	units    []*unit
	models   *models
	slots    chan struct{} // taken by each task of a row-wise stage
	alone    chan struct{} // taken by what runs alone
	cpu      *cpuTimes
	started  time.Time
	peers    *peers  // nil if this process does the whole run
	remote   *remote // nil if this machine does all tasks
	guard    *guard  // nil if the file sets no bounds
	guest    bool    // does tasks of a run that another process leads; yet others may be doing the same

	mutex    sync.Mutex
	bad      []badShards
	failures []failure
}

// Run makes what the sinks ask for and is not there yet. It returns when everything is written that can be, with an error that
// names all steps that failed, or soon after ctx is cancelled; no half-written file is left either way, and a later Run
// goes on from there. Only one Run may work in a folder at a time, or several shares of one; another returns an error at once.
func (p *Pipeline) Run(ctx context.Context, o Options) error {
	if !o.Share.first() {
		o.Record = nil // the first process has it
	} else if o.Record == nil {
		o.Record = &Record{}
	}
	return p.execute(ctx, o, (*Run).writeManifest)
}

// execute makes what is asked for, calls finish, and writes a record if it was given one.
func (p *Pipeline) execute(ctx context.Context, o Options, finish func(*Run) error) error {
	owner, unlock, err := lockShare(p.Work, o.Share)
	if err != nil {
		return err
	}
	defer unlock()
	r := p.newRun(o)
	if o.Record == nil {
		return r.execute(ctx, owner, finish)
	}
	lost, err := p.begin(o.Record, owner)
	if err != nil {
		return err
	}
	if failed := p.tellLost(ctx, lost); failed != nil {
		o.Reporter.Warned("", failed.Error())
	}
	if o.Began != nil {
		o.Began(o.Record.ID())
	}
	defer touch(o.Record.path, heartbeat)()
	return r.end(ctx, r.execute(ctx, owner, finish))
}

// newRun returns a run that has not begun.
func (p *Pipeline) newRun(o Options) *Run {
	if o.Workers <= 0 {
		o.Workers = runtime.NumCPU()
	}
	if o.Checkpoint <= 0 {
		o.Checkpoint = 10 * time.Minute
	}
	if o.Allocator == nil {
		o.Allocator = memory.DefaultAllocator
	}
	r := &Run{pipeline: p, options: o, store: openStore(p.Work, o.Allocator), hashes: content.OpenKnown(p.Work), slots: make(chan struct{}, o.Workers), alone: make(chan struct{}, 1), cpu: newCPUTimes(), started: time.Now()}
	var told sync.Map // what waits for a note reads it again and again
	r.store.spoiled = func(note string, err error) {
		if _, again := told.LoadOrStore(note, true); !again {
			o.Reporter.Warned("cache", fmt.Sprintf("%s is damaged (%s), and what it tells of is made again", note, err))
		}
	}
	r.models = newModels(r)
	return r
}

func (r *Run) execute(ctx context.Context, owner Owner, finish func(*Run) error) error {
	var err error
	if r.remote, err = r.findEngine(ctx); err != nil {
		return err
	}
	if err = r.pipeline.acquire(ctx, r.options.Reporter); err != nil {
		return err
	}
	r.store.mirror, err = r.pipeline.openMirror(ctx, r.store, !r.options.Share.whole() || r.remote != nil, func(warning string) { r.options.Reporter.Warned("store", r.pipeline.secrets.Redact(warning)) })
	if err != nil {
		return err
	}
	defer r.store.mirror.close()
	if r.units, err = r.pipeline.units(ctx, r.store, r.hashes); err != nil {
		return err
	}
	r.options.Share.markWaited(r.units)
	if !r.options.Share.whole() {
		var leave func()
		if r.peers, leave, err = join(r.pipeline.Work, r.options.Share, owner, r.units); err != nil {
			return err
		}
		defer leave()
		part, err := r.peers.meet(ctx, r.store.mirror, r.pipeline.Name)
		if err != nil {
			return err
		}
		defer part()
	}
	if err = r.rememberSteps(); err != nil {
		return err
	}
	if err := r.sweepAll(ctx); err != nil {
		return err
	}
	guarded, stop, err := r.guarded(ctx)
	if err != nil {
		return err
	}
	defer stop()
	defer r.remote.disconnect()
	if err := r.connect(); err != nil {
		return err
	}
	err = r.makeAll(guarded)
	if !r.options.Share.first() {
		return err
	}
	if saved := r.hashes.Save(); err == nil && saved != nil {
		err = fmt.Errorf("writing cache: %w", saved)
	}
	if written := errors.Join(r.writeQuarantine(), r.keep()); err == nil {
		err = written
	}
	if err != nil {
		return err
	}
	return finish(r)
}

// makeAll makes the units that are needed, all at once: each waits for what it reads.
func (r *Run) makeAll(ctx context.Context) error {
	r.options.Reporter.Planned(r.planned())
	for _, u := range r.units {
		if u.present {
			if err := r.checkRows(u, u.note.Counts); err != nil { // the budget may have shrunk
				return fmt.Errorf("%s: %w", u.name(), err)
			}
			if u.step.Section != "models" {
				r.tellPresent(u, u.note)
			}
		}
	}
	asking, end := context.WithCancel(ctx)
	wait := r.askLanguages(asking)
	defer wait()
	defer end()
	err := r.makeNeeded(ctx)
	for err == nil && r.remake() {
		err = r.makeNeeded(ctx)
	}
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

// makeNeeded makes what is needed and has not been made or tried, and looks after what is there.
func (r *Run) makeNeeded(ctx context.Context) error {
	tasks := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	for _, u := range r.units {
		if r.store.mirror != nil && u.present && !u.stored && u.twin == nil && !slices.Contains([]string{"models", "sinks"}, u.step.Section) {
			tasks.Go(func(ctx context.Context) error { return r.store.mirror.catchUp(ctx, u) })
		}
		if u.present && u.note.Refusal != "" {
			tasks.Go(func(ctx context.Context) error { return r.refuse(ctx, u) })
		}
		if r.makes(u) && !isClosed(u.ready) {
			tasks.Go(func(ctx context.Context) error { return r.make(ctx, u) })
		}
	}
	if err := tasks.Wait(); err != nil {
		return err
	}
	return r.bringLast(ctx)
}

// tellPresent tells of a unit that an earlier run or another process made.
func (r *Run) tellPresent(u *unit, n note) {
	r.options.Reporter.Present(u.name(), n.finished(time.Duration(n.Seconds*float64(time.Second))))
	for _, warning := range n.Counts.Warnings {
		r.options.Reporter.Warned(u.name(), warning)
	}
}

// make makes one unit, as soon as there is something to make it from, or waits until another process has. Only an error that
// should end the run is returned.
func (r *Run) make(ctx context.Context, u *unit) error {
	owns := r.options.Share.owns(u, 0)
	does := r.options.Share.does(u)
	var n note
	var err error
	if does && !owns && !u.rowWise() { // whether it is made in parts is known once its input is there
		err = r.await(ctx, u)
		does = u.taskTable() != nil
	}
	if err == nil && does {
		n, err = r.makeMine(ctx, u, owns)
	}
	if err == nil && !owns && u.waited {
		n, err = r.awaitUnit(ctx, u)
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.addFailure(ctx, u, err)
		return nil
	}
	if u.waited {
		u.note = n
		for name, t := range u.tables {
			t.end(len(n.Shards[name]))
		}
		close(u.ready)
	}
	if owns && u.step.Section != "sinks" { // whose files are a user's own
		if err := r.store.mirror.put(ctx, u.key, done, n); err != nil {
			return fmt.Errorf("%s: %w", u.name(), err)
		}
	}
	if !u.waited {
		return nil
	}
	return r.refuse(ctx, u)
}

// makeMine makes of a unit what is this process's; if that owns it, it ends it.
func (r *Run) makeMine(ctx context.Context, u *unit, owns bool) (note, error) {
	n, took, err := r.produce(ctx, u)
	if err == nil && owns {
		err = r.checkRows(u, n.Counts)
	}
	if err == nil && owns {
		if r.store.mirror == nil || r.store.complete(u.key, n, u.step.model != nil) { // what others made of it may be in the store alone
			err = r.store.write(u.key, done, n)
		}
		err = errors.Join(err, r.checkpoint(u, nil).remove())
		if !r.guest { // another may be merging the same parts
			err = errors.Join(err, sweepParts(r.store.folder(u.key)))
		}
	}
	if err == nil {
		r.options.Reporter.Finished(u.name(), n.finished(took))
	}
	return n, err
}
