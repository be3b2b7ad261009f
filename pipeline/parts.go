package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/pipeline/host"
	"github.com/ferry-clir/ferry/pipeline/tables"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/stages"
)

// mostParts is how many parts a unit is made in at most: many machines can be at work, and putting them together is a small
// matter.
const mostParts = 64

// worthAPart is how many rows of its input a stage finds worth a part; tests make it less.
var worthAPart = func(p *stages.Parts, of *table) int64 { return p.Rows(of.schema) }

// inTasks tells whether several processes may make the unit.
func (u *unit) inTasks() bool { return u.rowWise() || u.parts != nil }

// divided are the shards that each part of the unit is made of, in order and about as many rows in each: the same for all
// processes. There are none if it is not made in parts: its stage cannot do that, its input is not there yet or too small.
func (u *unit) divided() (parts [][]tables.Shard) {
	if u.parts == nil {
		return nil
	}
	from := u.cutInput(u.parts.Of).readTable()
	shards, total := from.published()
	rows := rowsOf(shards)
	count := min(mostParts, rows/worthAPart(u.parts, from))
	if len(shards) != total || count < 2 {
		return nil
	}
	var before int64
	last := int64(-1)
	for _, s := range shards {
		if at := before * count / rows; at > last {
			parts, last = append(parts, nil), at
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], s)
		before += s.Rows
	}
	if len(parts) < 2 {
		return nil
	}
	return parts
}

// taskTable has a shard for each task that makes a part of the unit: its input if it is row-wise. It is nil if there is one task.
func (u *unit) taskTable() *table {
	if in := u.shardsFrom(); in != nil {
		return in.readTable()
	}
	parts := u.divided()
	if parts == nil {
		return nil
	}
	t := newTable(u.name(), nil, store{}, nil)
	for i, shards := range parts {
		t.publish(tables.Shard{Number: i, Rows: rowsOf(shards)})
	}
	t.end(len(parts))
	return t
}

// partTable is what the parts of a unit make.
func (r *Run) partTable(u *unit) *table {
	return newTable(u.name(), u.parts.Schema, r.store, func(number int) string { return r.store.shard(u.key, stages.Part, number) })
}

// inParts tells whether the unit is to be made in parts: it can be, and other processes make some, or have.
func (r *Run) inParts(ctx context.Context, u *unit) (bool, error) {
	if u.divided() == nil || r.peers != nil || r.remote != nil {
		return u.divided() != nil, nil
	}
	numbers, err := r.store.finishedTasks(ctx, u.key)
	return len(numbers) > 0, err
}

// makePart makes a part of a unit. It keeps all workers busy if the unit as a whole does, unless an engine counts them.
func (r *Run) makePart(ctx context.Context, c *cutting, s tables.Shard) (note, error) {
	if s.Number < 0 || s.Number >= len(c.parts) {
		return note{}, fmt.Errorf("there is no part %d of %s, which is made in %d", s.Number, c.unit.name(), len(c.parts))
	}
	u, job, place := c.unit, c.job, r.alone
	if r.guest || !u.alone() {
		place, job.Workers = r.slots, 1
	}
	leave, err := enter(ctx, place)
	if err != nil {
		return note{}, err
	}
	defer leave()
	cpu := r.cpu.begin(u.name(), job.Workers)
	defer cpu.end()
	t := r.newTask(u, map[string]*table{stages.Part: r.partTable(u)}, s.Number, true)
	t.counts.In[c.in.ref] = s.Rows
	job.Tables = maps.Clone(job.Tables)
	job.Tables[c.in.key] = []schemas.Table{c.in.readTable().part(c.in.ref, c.parts[s.Number]...)}
	job.Outputs = t.outputs(ctx)
	job.Progress = func(int64, int64, string) {}
	n, err := t.end(u.parts.Make(ctx, job))
	if err != nil {
		return note{}, err
	}
	if n.CPU = cpu.end(); r.guest {
		n.Memory = host.PeakMemory()
	}
	return n, r.store.write(u.key, taskName(s.Number), n)
}

// computeParts makes the parts that are this process's and, if the unit is, merges all.
func (r *Run) computeParts(ctx context.Context, u *unit) (note, error) {
	made, err := r.computeShards(ctx, u)
	if err != nil || !r.options.Share.owns(u, 0) {
		return made, err
	}
	if u.alone() {
		leave, err := enter(ctx, r.alone)
		if err != nil {
			return note{}, err
		}
		defer leave()
	}
	cpu := r.cpu.begin(u.name(), 1)
	defer cpu.end()
	parts := r.partTable(u)
	for _, s := range made.Shards[stages.Part] {
		parts.publish(s)
	}
	parts.end(len(made.Shards[stages.Part]))
	n, err := r.compute(ctx, u, func(ctx context.Context, job stages.Job) (*model.Model, error) {
		job.Tables[stages.Part] = []schemas.Table{parts.whole(parts.name)}
		return nil, u.parts.Merge(ctx, job)
	}, cpu)
	n.CPU, n.Memory = n.CPU+made.CPU+cpu.end(), made.Memory
	return n, err
}

// enter waits for a place in r.slots or r.alone; leave must be called in the end.
func enter(ctx context.Context, places chan struct{}) (leave func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// sweepParts removes from the folder of a key the parts that its result was merged from, notes first.
func sweepParts(folder string) error {
	if !isThere(filepath.Join(folder, done+".json"), 0) {
		return nil
	}
	parts, err := fs.Glob(os.DirFS(folder), stages.Part+"-*.arrow")
	for _, part := range parts {
		var number int
		if _, err := fmt.Sscanf(strings.TrimPrefix(part, stages.Part), "-%d.arrow", &number); err != nil {
			continue
		}
		for _, name := range []string{taskName(number) + ".json", part} {
			if err := os.Remove(filepath.Join(folder, name)); err != nil && !os.IsNotExist(err) {
				return fmt.Errorf("removing parts: %w", err)
			}
		}
	}
	return err
}
