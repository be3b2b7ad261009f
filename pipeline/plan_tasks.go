package pipeline

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/ferry-clir/ferry/stages"
)

// WriteTasks writes a TaskLine for each task that is not done, in an order in which they can be done. A step whose input is not
// there yet cannot be cut, and is one task; so is what ends a step that is cut. If there is a store, what tasks need that is not there
// is put there. The pipeline must have been checked.
func (p *Pipeline) WriteTasks(ctx context.Context, w io.Writer, o Options) error {
	r := p.newRun(o)
	var err error
	if r.store.mirror, err = p.openMirror(ctx, r.store, true, func(warning string) { o.Reporter.Warned("store", warning) }); err != nil {
		return err
	}
	defer r.store.mirror.close()
	if r.units, err = p.units(ctx, r.store, r.hashes); err != nil {
		return err
	}
	plan := taskPlan{r.store, p.knownSteps(), TaskLine{}}
	if plan.common, err = p.commonLine(ctx, r.hashes); err != nil {
		return err
	}
	if r.store.mirror != nil {
		if err := r.shareAll(ctx, &plan.common); err != nil {
			return err
		}
	}
	if err := r.hashes.Save(); err != nil {
		return fmt.Errorf("writing cache: %w", err)
	}
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for line, err := range plan.inWaves(ctx, r.units) {
		if err == nil {
			err = lines.Encode(line)
		}
		if err != nil {
			return err
		}
	}
	return out.Flush()
}

// A taskPlan makes the lines of tasks.
type taskPlan struct {
	store  store
	known  map[string]madeStep
	common TaskLine // what all lines say
}

// inWaves yields the lines of all units that are needed.
func (p taskPlan) inWaves(ctx context.Context, units []*unit) iter.Seq2[TaskLine, error] {
	return func(yield func(TaskLine, error) bool) {
		ends := map[*unit]int{} // the wave that ends a unit
		chained := map[*unit]bool{}
		present := func(u *unit) bool { return u.present }
		for _, u := range units {
			if !u.needed || u.twin != nil {
				continue
			}
			wave := 1
			for _, in := range u.inputs {
				wave = max(wave, ends[in.unit.maker()]+1)
			}
			from := u.shardsFrom()
			cut := from != nil && from.unit.present || from == nil && u.divided() != nil
			if cut {
				chain := chainFrom(u, units, present)
				for _, other := range chain[1:] {
					chained[other] = true
				}
				after := wave
				for line, err := range p.shards(ctx, chain) {
					line.Wave, after = wave, wave+1
					if !yield(line, err) {
						return
					}
				}
				wave = after
			}
			ends[u] = wave
			if line := p.whole(u, wave, cut || chained[u]); !yield(line, nil) {
				return
			}
		}
	}
}

// chainFrom are a unit that is cut and those that go on with its shards, each the only one that is cut as the one before it and
// in need of nothing else that is not ready.
func chainFrom(head *unit, units []*unit, ready func(*unit) bool) []*unit {
	chain := []*unit{head}
	for head.rowWise() {
		var next []*unit
		for _, u := range units {
			if in := u.shardsFrom(); u.needed && u.twin == nil && in != nil && in.unit.maker() == chain[len(chain)-1] {
				next = append(next, u)
			}
		}
		if len(next) != 1 || slices.ContainsFunc(next[0].inputs, func(in input) bool {
			return in.edge != next[0].shardsFrom().edge && !ready(in.unit)
		}) {
			return chain
		}
		chain = append(chain, next[0])
	}
	return chain
}

// whole is the line of a unit as a whole or, if it is cut, of what ends it.
func (p taskPlan) whole(u *unit, wave int, cut bool) TaskLine {
	line := p.line([]*unit{u})
	line.Wave = wave
	if f, ok := u.forecast(p.known); ok && !cut {
		line.Seconds = f.seconds
	}
	if rows, ok := u.rowsToRead(); ok && !cut {
		line.Rows = rows
	}
	return line
}

// line is what the tasks of a chain say, whatever their shard.
func (p taskPlan) line(chain []*unit) TaskLine {
	line, last := p.common, chain[len(chain)-1]
	if last.step.Section != "stages" { // other files are read or written than those of the store
		line.Store, line.Pack = "", ""
	}
	line.Key, line.Kind, line.Inputs = string(last.key), last.step.kind.name, map[string]string{}
	for _, u := range chain {
		line.Steps = append(line.Steps, u.name())
		line.Memory = max(line.Memory, p.known[u.name()].Memory)
		for _, in := range u.inputs {
			if in.unit.step.Section != "models" && !slices.Contains(chain, in.unit.maker()) {
				line.Inputs[in.unit.name()] = string(in.unit.key)
			}
		}
	}
	return line
}

// shards yields the lines of the tasks of a chain, whose input is there, but for those that are done.
func (p taskPlan) shards(ctx context.Context, chain []*unit) iter.Seq2[TaskLine, error] {
	return func(yield func(TaskLine, error) bool) {
		done := map[int]int{} // units of the chain that have it, by shard
		secondsPerRow := 0.0
		for _, u := range chain {
			numbers, err := p.store.finishedTasks(ctx, u.key)
			if err != nil {
				yield(TaskLine{}, err)
				return
			}
			slices.Sort(numbers)
			for _, number := range slices.Compact(numbers) { // both in the cache and in the store, perhaps
				done[number]++
			}
			if last := p.known[u.name()]; last.Rows > 0 {
				secondsPerRow += last.CPU / float64(last.Rows) // a task keeps one core busy
			}
		}
		line := p.line(chain)
		shards, _ := chain[0].taskTable().published()
		for _, s := range shards {
			if done[s.Number] == len(chain) {
				continue
			}
			one := line
			one.Shard, one.Rows, one.Seconds = &s.Number, s.Rows, secondsPerRow*float64(s.Rows)
			if line.Pack != "" {
				one.Content = &s.Sum
			}
			one.Reads, one.Writes = p.reads(chain[0], s.Number), p.writes(chain[len(chain)-1], s.Number)
			if !yield(one, nil) {
				return
			}
		}
	}
}

// reads are the shards of the input that is cut which a task reads.
func (p taskPlan) reads(u *unit, number int) (files []string) {
	if in := u.shardsFrom(); in != nil {
		return []string{p.store.relative(in.readTable().file(number))}
	}
	from := u.cutInput(u.parts.Of).readTable()
	for _, s := range u.divided()[number] {
		files = append(files, p.store.relative(from.file(s.Number)))
	}
	return files
}

// writes are the shards that a task writes.
func (p taskPlan) writes(u *unit, number int) (files []string) {
	tables := u.tableNames()
	if !u.rowWise() {
		tables = []string{stages.Part}
	}
	for _, name := range tables {
		files = append(files, p.store.relative(p.store.shard(u.key, name, number)))
	}
	return files
}
