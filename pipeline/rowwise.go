package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/stages"
)

// computeShards runs a row-wise stage on the shards of the table that key names, each as soon as it is published. As
// many compute at a time as there are workers, and as many others may wait for the disk. A task whose note is there was
// done by an earlier run.
func (r *Run) computeShards(ctx context.Context, u *unit, key string) (note, error) {
	job, release, err := r.job(ctx, u)
	if err != nil {
		return note{}, err
	}
	defer release()
	in := u.cutInput(key)
	if in == nil {
		return note{}, fmt.Errorf("computing shards: there is no input %s", key)
	}
	from := in.readTable()
	relatives, err := r.store.relatives(u, *in)
	if err != nil {
		return note{}, fmt.Errorf("looking for what was computed before: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mutex sync.Mutex
	var rows int64
	share := r.options.Share
	notes, others := map[int]note{}, map[int]note{}
	tasks := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	if r.peers == nil || !u.waited {
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
				n, err := r.computeShard(ctx, u, *in, s, job, relatives)
				if err != nil {
					cancel(err) // so that nobody waits for shards that are not wanted any more
				}
				mutex.Lock()
				defer mutex.Unlock()
				notes[i] = n
				rows += s.Rows
				job.Progress(rows, from.rows(), "rows")
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
		maps.Copy(notes, others)
	}
	return sum(notes), nil
}

// sum is the note of a unit, or of a part of it, that was made in tasks.
func sum(tasks map[int]note) note {
	total := note{Shards: map[string][]shard{}, Counts: newCounts()}
	for _, number := range slices.Sorted(maps.Keys(tasks)) {
		n := tasks[number]
		for table, shards := range n.Shards {
			total.Shards[table] = append(total.Shards[table], shards...)
		}
		total.Counts.add(n.Counts)
		total.CPU += n.CPU
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

// computeShard makes the output shards of one input shard, unless they are there.
func (r *Run) computeShard(ctx context.Context, u *unit, in input, s shard, job stages.Job, relatives map[string]relativeTask) (note, error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return note{}, context.Cause(ctx)
	}
	cpu := r.cpu.begin(1)
	release := sync.OnceFunc(func() {
		cpu.end()
		<-r.slots
	})
	defer release()
	n, ok, err := r.store.read(u.key, taskName(s.Number))
	if err != nil {
		return note{}, err
	}
	if ok && r.store.complete(u.key, n, false) {
		r.publish(u, n)
		return n, nil
	}
	hash, err := in.readTable().hashRows(ctx, s)
	if err != nil {
		return note{}, err
	}
	if from, ok := relatives[hash]; ok {
		if n, ok, err = r.adopt(u, from, in, s, hash); err == nil && ok {
			err = r.store.write(u.key, taskName(s.Number), n)
		}
		if err != nil {
			return note{}, err
		}
		if ok {
			r.publish(u, n)
			return n, nil
		}
	}
	t := r.newTask(u, s.Number, true)
	t.counts.In[in.ref] = s.Rows
	cut := map[string][]schemas.Table{}
	for key, tables := range job.Tables {
		cut[key] = tables
	}
	cut[in.key] = []schemas.Table{in.readTable().part(in.ref, s)}
	job.Tables, job.Outputs, job.Workers = cut, t.outputs(ctx), 1
	job.Progress = func(int64, int64, string) {}
	_, err = u.step.component.(stage).Run(ctx, job)
	release() // what is left waits for the disk, and others may compute
	if n, err = t.end(err); err != nil {
		return note{}, err
	}
	n.Input, n.CPU = hash, cpu.end()
	return n, r.store.write(u.key, taskName(s.Number), n)
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
