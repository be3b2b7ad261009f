package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/pipeline/tables"
	"github.com/ferry-clir/ferry/schemas"
)

// A task is one run of a unit, on one shard of its input or on all of it. It writes shards, and counts rows.
type task struct {
	run     *Run
	unit    *unit
	number  int
	writers map[string]*tables.Writer // by table
	bad     *tables.Writer
	counts  counts
}

const quarantine = "quarantine"

// newTask begins a task that makes all shards of tables or, with single, that of the given number.
func (r *Run) newTask(u *unit, into map[string]*table, number int, single bool) *task {
	t := &task{run: r, unit: u, number: number, writers: map[string]*tables.Writer{}, counts: newCounts()}
	for name, table := range into {
		t.writers[name] = &tables.Writer{
			Schema: table.schema, Allocator: r.store.allocator, File: table.file,
			Publish: func(s tables.Shard) {
				table.publish(s)
				r.guard.published(s.Bytes)
			},
			First: number, Single: single, Always: single,
		}
	}
	t.bad = &tables.Writer{
		Schema: schemas.Quarantine(), Allocator: r.store.allocator, First: number, Single: single, Publish: func(tables.Shard) {},
		File: func(n int) string { return r.store.shard(u.key, quarantine, n) },
	}
	return t
}

// outputs is what the component is given to put its rows.
func (t *task) outputs(ctx context.Context) map[string]schemas.Output {
	outputs := map[string]schemas.Output{}
	var mended func(string) map[int64][]byte
	if c, ok := t.unit.step.component.(source); ok {
		mended = t.run.mended(ctx, c)
	}
	for name, w := range t.writers {
		outputs[name] = schemas.Output{
			Allocator: t.run.store.allocator,
			Emit: func(batch arrow.RecordBatch) error {
				t.counts.Out[name] += batch.NumRows()
				return w.Write(batch)
			},
			Reject:  t.reject,
			Drop:    func(reason string, n int64) { t.counts.Dropped[reason] += n },
			Warn:    t.warn,
			Mended:  mended,
			Workers: t.run.options.Workers, MaxExpansion: t.run.pipeline.MaxExpansion,
		}
	}
	return outputs
}

// warn tells a warning, and notes it.
func (t *task) warn(message string) {
	message = t.run.pipeline.secrets.Redact(message)
	t.counts.Warnings = append(t.counts.Warnings, message)
	t.run.options.Reporter.Warned(t.unit.name(), message)
}

// manyBad is how many bad rows end a step at once when they are beyond the budget of what was read so far. Fewer are
// judged at its end, since the share of a beginning says little.
const manyBad = 10_000

// reject puts a row into quarantine.
func (t *task) reject(r schemas.Rejected) error {
	b := array.NewRecordBuilder(t.run.store.allocator, schemas.Quarantine())
	defer b.Release()
	r.Path = t.run.pipeline.shown(r.Path)
	detail := t.run.pipeline.secrets.Redact(strings.ToValidUTF8(r.Detail, "\uFFFD"))
	b.Field(0).(*array.StringBuilder).Append(t.unit.name())
	b.Field(1).(*array.StringBuilder).Append(strings.ToValidUTF8(r.Path, "\uFFFD"))
	b.Field(2).(*array.Int64Builder).Append(r.Line)
	b.Field(3).(*array.Int64Builder).Append(r.Offset)
	b.Field(4).(*array.StringBuilder).Append(r.Reason)
	b.Field(5).(*array.StringBuilder).Append(detail)
	b.Field(6).(*array.BinaryBuilder).Append(r.Raw[:min(len(r.Raw), 64<<10)])
	batch := b.NewRecordBatch()
	defer batch.Release()
	if t.counts.Bad == 0 {
		t.counts.FirstBad = firstBad(r, detail)
	}
	t.counts.Bad++
	if err := t.bad.Write(batch); err != nil {
		return err
	}
	if t.counts.Bad >= manyBad {
		return t.run.pipeline.checkBudget(t.unit, t.counts)
	}
	return nil
}

// firstBad says where a bad row stands, and what is wrong with it.
func firstBad(r schemas.Rejected, detail string) string {
	words := []string{r.Path}
	if r.Line > 0 { // else it is a row of a table, which the detail names
		words[0] = fmt.Sprintf("%s:%d", r.Path, r.Line)
	}
	if words = append(words, r.Reason); detail != "" {
		words = append(words, detail)
	}
	return strings.Join(words, ": ")
}

// rowsRead is the number of rows read so far: for a source those that it has accounted for.
func rowsRead(c counts, u *unit) int64 {
	var in int64
	for _, n := range c.In {
		in = max(in, n)
	}
	if from := u.cutInput("from"); from != nil { // the others are beside it
		in = c.In[from.ref]
	}
	if in == 0 {
		for _, n := range c.Out {
			in = max(in, n)
		}
		in += c.dropped() + c.Bad
	}
	return in
}

// end publishes what is left and returns the task's note; after err it removes it instead.
func (t *task) end(err error) (note, error) {
	n := note{Shards: map[string][]tables.Shard{}, Counts: t.counts}
	for _, name := range slices.Sorted(maps.Keys(t.writers)) {
		err = t.writers[name].End(err)
		n.Shards[name] = t.writers[name].Shards
	}
	badErr := t.bad.End(nil) // bad rows are kept even after err: they may be why it failed
	if err == nil {
		err = badErr
	}
	if badErr == nil && len(t.bad.Shards) > 0 {
		n.Shards[quarantine] = t.bad.Shards
		t.run.addQuarantine(t.unit, t.bad.Shards)
	}
	return n, err
}

// tableNames are the unit's tables, in order.
func (u *unit) tableNames() []string { return slices.Sorted(maps.Keys(u.tables)) }
