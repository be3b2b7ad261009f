package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/pipeline/host"
	"github.com/ferry-clir/ferry/pipeline/tables"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/stages"
)

// A cutting is a unit that is ready to be computed in tasks, a row-wise one shard by shard.
type cutting struct {
	unit      *unit
	in        input            // that is cut
	parts     [][]tables.Shard // of it, unless each shard is a task
	job       stages.Job
	family    string // see unit.family
	relatives map[string]relativeTask
	stored    listing         // what the store had of it then
	kin       map[string]bool // hashes of shards of which the store had what relatives computed; nil if that was not asked
	release   func()          // of the models
	mutex     sync.Mutex
	notes     map[int]note  // of what computeShards has had made, by shard
	read      map[int]int64 // rows that have been read, by shard
	readAll   int64
}

// progress tells that so many rows of a shard have been read.
func (c *cutting) progress(shard int, rows int64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.readAll += rows - c.read[shard]
	c.read[shard] = rows
	c.job.Progress(c.readAll, c.in.readTable().rows(), "rows")
}

// shardsFrom is the input by whose shards a row-wise unit is cut into tasks, nil if it is not row-wise.
func (u *unit) shardsFrom() *input {
	if c, ok := u.step.component.(rowWise); ok {
		return u.cutInput(c.RowWise())
	}
	return nil
}

// cut waits for what a unit needs that is made in tasks, but for the shards of a row-wise one; release must be called in the end.
func (r *Run) cut(ctx context.Context, u *unit) (*cutting, error) {
	job, release, err := r.job(ctx, u)
	if err != nil {
		return nil, err
	}
	c := &cutting{unit: u, job: job, release: release, notes: map[int]note{}, read: map[int]int64{}}
	if u.rowWise() {
		c.in = *u.shardsFrom()
		if c.family, err = u.family(c.in); err == nil {
			c.relatives, err = r.store.relatives(u, c.family)
		}
	} else {
		c.in, c.parts = *u.cutInput(u.parts.Of), u.divided()
	}
	if err != nil {
		release()
		return nil, fmt.Errorf("looking for what was computed before: %w", err)
	}
	if !r.guest { // who does one shard asks for that
		if c.stored, err = r.store.mirror.list(ctx, u.key); err == nil && u.rowWise() {
			c.kin, err = r.store.mirror.kin(ctx, c.family)
		}
		if err != nil {
			release()
			return nil, err
		}
	}
	return c, nil
}

// computeShards does the tasks of a unit: it runs a row-wise stage on the shards of its input, each as soon as it is published. As
// many compute at a time as there are workers, and as many others may wait for the disk. A task whose note is there was done by
// an earlier run.
func (r *Run) computeShards(ctx context.Context, u *unit) (note, error) {
	c, err := r.cut(ctx, u)
	if err != nil {
		return note{}, err
	}
	defer c.release()
	from := u.taskTable()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	share := r.options.Share
	var others map[int]note
	tasks := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	if r.peers == nil || !u.waited || u.parts != nil && !share.owns(u, 0) { // parts go once they are merged
		tasks = tasks.WithMaxGoroutines(2 * cap(r.slots))
	} else {
		tasks = tasks.WithMaxGoroutines(2*cap(r.slots) + 1)
		tasks.Go(func(ctx context.Context) (err error) {
			if others, err = r.awaitShards(ctx, u, from); err != nil {
				cancel(err)
			}
			return err
		})
	}
	feed := func() error {
		for i := 0; ; i++ {
			if !share.owns(u, i) {
				continue
			}
			s, ok, err := from.shard(ctx, i)
			if err != nil || !ok {
				return err
			}
			tasks.Go(func(ctx context.Context) error {
				err := r.noteShard(ctx, c, s)
				if err != nil {
					cancel(err) // so that nobody waits for shards that are not wanted any more
				}
				return err
			})
		}
	}
	fed := feed()
	if fed != nil && r.peers != nil {
		cancel(fed) // others will not make more of it either
	}
	if err := tasks.Wait(); err != nil {
		return note{}, context.Cause(ctx) // the first error: others may have failed because of it
	}
	if fed != nil {
		return note{}, fed
	}
	if share.owns(u, 0) {
		maps.Copy(c.notes, others)
	}
	return sum(c.notes), nil
}

// noteShard makes the output shards of an input shard, and keeps their note.
func (r *Run) noteShard(ctx context.Context, c *cutting, s tables.Shard) error {
	n, err := r.computeShard(ctx, c, s)
	if errors.Is(err, errNotMade) {
		return nil // what has begun goes on, for the next run, and whoever feeds finds out
	}
	c.progress(s.Number, s.Rows)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.notes[s.Number] = n
	return err
}

// sum is the note of a unit, or of a part of it, that was made in tasks.
func sum(tasks map[int]note) note {
	total := note{Shards: map[string][]tables.Shard{}, Counts: newCounts()}
	for _, number := range slices.Sorted(maps.Keys(tasks)) {
		n := tasks[number]
		for table, shards := range n.Shards {
			total.Shards[table] = append(total.Shards[table], shards...)
		}
		total.Counts.add(n.Counts)
		total.CPU += n.CPU
		total.Memory, total.Lineage = max(total.Memory, n.Memory), n.Lineage
	}
	return total
}

func (u *unit) cutInput(key string) *input {
	for i := range u.inputs {
		if u.inputs[i].key == key {
			return &u.inputs[i]
		}
	}
	return nil
}

// computeShard makes the output shards of one input shard, unless they are there or in the store, and puts them into that.
func (r *Run) computeShard(ctx context.Context, c *cutting, s tables.Shard) (note, error) {
	k, name := c.unit.key, taskName(s.Number)
	n, ok, err := r.finishedTask(ctx, k, s.Number)
	if err == nil && !ok {
		n, ok, err = r.store.mirror.listed(ctx, k, name, c.stored)
	}
	if err == nil && ok && r.store.mirror.isSpoiled(k) { // perhaps not in one object alone
		if err = r.store.fetchAll(ctx, k, n); errors.Is(err, errSpoiled) {
			ok, err = false, nil
		}
	}
	if err == nil && !ok && c.unit.parts != nil { // another process may have merged it, and removed the parts
		if _, merged, err := r.pipeline.made(ctx, c.unit, r.store, r.hashes); err != nil || merged {
			return note{}, err
		}
	}
	switch {
	case err != nil:
		return note{}, err
	case ok:
		r.publish(c.unit, n)
	default:
		if n, err = r.makeShard(ctx, c, s); err != nil {
			return note{}, err
		}
	}
	return n, r.store.mirror.put(ctx, k, name, n)
}

// finishedTask is the note of a task that is done. Guests, who do few, ask the store for it.
func (r *Run) finishedTask(ctx context.Context, k key, number int) (note, bool, error) {
	n, ok, err := r.store.finished(k, taskName(number))
	if err == nil && !ok && r.guest {
		n, ok, err = r.store.mirror.finished(ctx, k, taskName(number))
	}
	return n, ok, err
}

// makeShard computes them, or takes over what a relative has computed.
func (r *Run) makeShard(ctx context.Context, c *cutting, s tables.Shard) (note, error) {
	if !c.unit.rowWise() {
		return r.makePart(ctx, c, s)
	}
	leave, err := enter(ctx, r.slots)
	if err != nil {
		return note{}, err
	}
	began, cpu := time.Now(), r.cpu.begin(c.unit.name(), 1)
	release := sync.OnceFunc(func() {
		cpu.end()
		leave()
	})
	defer release()
	u, in := c.unit, c.in
	if u.lacksInput() { // since it was asked for
		return note{}, fmt.Errorf("%s %w", in.unit.name(), errNotMade)
	}
	hash, err := in.readTable().hashRows(ctx, s)
	if err != nil {
		return note{}, err
	}
	n, ok, err := r.adopt(ctx, c, s, hash)
	switch {
	case err != nil:
		return note{}, err
	case ok:
		r.publish(u, n)
	default:
		if n, err = r.computeRows(ctx, c, s, release); err != nil {
			return note{}, err
		}
		n.Input, n.Seconds, n.CPU, n.Lineage = hash, time.Since(began).Seconds(), cpu.end(), c.lineage()
		if r.guest {
			n.Memory = host.PeakMemory()
		}
	}
	if err := r.store.write(u.key, taskName(s.Number), n); err != nil {
		return note{}, err
	}
	return n, r.store.mirror.tellKin(ctx, c, hash, s.Number)
}

// computeRows runs the stage on a shard, and calls computed when it has.
func (r *Run) computeRows(ctx context.Context, c *cutting, s tables.Shard, computed func()) (note, error) {
	u, in, job := c.unit, c.in, c.job
	t := r.newTask(u, u.tables, s.Number, true)
	t.counts.In[in.ref] = s.Rows
	job.Tables = maps.Clone(job.Tables)
	job.Tables[in.key] = []schemas.Table{in.readTable().part(in.ref, s)}
	job.Outputs, job.Workers = t.outputs(ctx), 1
	job.Progress = func(read, _ int64, _ string) { c.progress(s.Number, read) }
	_, err := u.step.component.(stage).Run(ctx, job)
	computed() // what is left waits for the disk, and others may compute
	return t.end(err)
}

// publish says that the shards of a note are there.
func (r *Run) publish(u *unit, n note) {
	for table, shards := range n.Shards {
		for _, s := range shards {
			if t := u.tables[table]; t != nil {
				t.publish(s)
			}
		}
	}
	r.addQuarantine(u, n.Shards[quarantine])
}
