package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/pipeline/tables"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/stages"
)

// badShards are the quarantine shards of a task.
type badShards struct {
	unit   *unit
	shards []tables.Shard
}

func (r *Run) addQuarantine(u *unit, shards []tables.Shard) {
	if len(shards) > 0 {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.bad = append(r.bad, badShards{u, shards})
	}
}

// quarantineFile is where the bad rows of the last run are. Pipelines that share a work folder have one each.
func (p *Pipeline) quarantineFile() string {
	return filepath.Join(p.Work, "quarantine", p.Name+".parquet")
}

// writeQuarantine puts the bad rows of all steps, those made earlier included, into one Parquet file; if there are none
// it removes the file.
func (r *Run) writeQuarantine() error {
	for _, u := range r.units {
		if u.present && u.twin == nil {
			r.addQuarantine(u, u.note.Shards[quarantine])
		}
	}
	file := r.pipeline.quarantineFile()
	if len(r.bad) == 0 {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("writing quarantine: %w", err)
		}
		return nil
	}
	order := map[*unit]int{}
	for i, u := range r.units {
		order[u] = i
	}
	sort.SliceStable(r.bad, func(i, j int) bool {
		a, b := r.bad[i], r.bad[j]
		return order[a.unit] < order[b.unit] || a.unit == b.unit && a.shards[0].Number < b.shards[0].Number
	})
	r.tellLapsed()
	schema, err := r.quarantineSchema()
	if err != nil {
		return fmt.Errorf("writing quarantine: %w", err)
	}
	rows := schemas.Table{Schema: schema, Batches: func(ctx context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for _, b := range r.bad {
				t := newTable(quarantine, schemas.Quarantine(), r.store, func(n int) string { return r.store.shard(b.unit.key, quarantine, n) })
				for _, s := range b.shards {
					if !t.read(ctx, s, yield) {
						return
					}
				}
			}
		}
	}}
	// Not the run's context: what went wrong should be told even when the run was cancelled.
	if err := sinks.WriteParquet(context.Background(), file, rows); err != nil {
		return fmt.Errorf("writing quarantine: %w", err)
	}
	return nil
}

// quarantineSchema is the quarantine's, with the hashes of the files that its rows may stand in: a row can be mended only as
// long as its file is the same.
func (r *Run) quarantineSchema() (*arrow.Schema, error) {
	sums := map[string]string{}
	for _, b := range r.bad {
		c, ok := b.unit.step.component.(source)
		if !ok {
			continue
		}
		files, err := c.Files()
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			sums[r.pipeline.shown(file)] = r.hashes.Last(file)
		}
	}
	data, err := json.Marshal(sums)
	if err != nil {
		return nil, err
	}
	metadata := arrow.NewMetadata([]string{fileSums}, []string{string(data)})
	return arrow.NewSchema(schemas.Quarantine().Fields(), &metadata), nil
}

// checkRows tells whether the rows of a unit add up and its bad ones are within the budget.
func (r *Run) checkRows(u *unit, c counts) error {
	if err := r.pipeline.checkBudget(u, c); err != nil {
		return err
	}
	read := rowsRead(c, u)
	_, cut := u.step.component.(rowWise)
	if _, made := u.step.component.(maker); !cut && !made {
		return nil
	}
	for table, out := range c.accountable(u) {
		if in := u.cutInput(table); in != nil { // carried over from an input of that name, row by row
			if out != c.In[in.ref] {
				return fmt.Errorf("table %s: %d rows read, but %d written; this is a defect of ferry", table, c.In[in.ref], out)
			}
			continue
		}
		if accounted := out + c.dropped() + c.Bad; accounted != read && !(accounted > read && makes(u) == stages.Several) {
			return fmt.Errorf("table %s: %d rows read, but %d written, %d dropped and %d in quarantine; this is a defect of ferry", table, read, out, c.dropped(), c.Bad)
		}
	}
	return nil
}

// makes is what a unit's stage makes of a row.
func makes(u *unit) stages.Makes {
	if m, ok := u.step.component.(maker); ok {
		return m.Makes()
	}
	return stages.OneInEach
}

// accountable are the rows written that have to add up to those read, by table or tables.
func (c *counts) accountable(u *unit) map[string]int64 {
	if makes(u) != stages.OneInAll {
		return c.Out
	}
	var names []string
	var all int64
	for _, name := range slices.Sorted(maps.Keys(c.Out)) {
		names = append(names, name)
		all += c.Out[name]
	}
	return map[string]int64{strings.Join(names, " and "): all}
}

// An OverBudget is the error of a step of which more rows are in quarantine than max_bad_rows allows.
type OverBudget struct {
	Bad  int64 // rows
	text string
}

func (o *OverBudget) Error() string { return o.text }

// checkBudget tells whether a unit's bad rows are within the budget.
func (p *Pipeline) checkBudget(u *unit, c counts) error {
	read := rowsRead(c, u)
	if p.MaxBadRows.allows(c.Bad, read) {
		return nil
	}
	return &OverBudget{c.Bad, fmt.Sprintf("%d of %d rows could not be used, and max_bad_rows allows %s; the first is %s; all are in %s",
		c.Bad, read, p.MaxBadRows, c.FirstBad, p.shown(p.quarantineFile()))}
}

// badOf is how many rows the unit has put into quarantine in this run.
func (r *Run) badOf(u *unit) (rows int64) {
	for _, b := range r.bad {
		if b.unit == u {
			for _, s := range b.shards {
				rows += s.Rows
			}
		}
	}
	return rows
}

// shown is a path as the pipeline file would write it, relative to the file's folder.
func (p *Pipeline) shown(path string) string {
	relative, err := filepath.Rel(p.dir, path)
	if err != nil {
		return path
	}
	return relative
}
