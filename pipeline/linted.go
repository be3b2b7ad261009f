package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// collect gathers what a run found: in the tables of its lint stages, and of rows that sources could not use.
func (l *Linted) collect(ctx context.Context, r *Run) error {
	var before []*unit // whose findings are in already
	for _, u := range r.units {
		if u.twin != nil {
			continue
		}
		if _, ok := u.step.component.(source); ok {
			if err := l.collectBad(ctx, r, u); err != nil {
				return err
			}
		}
		if !u.step.wanted {
			continue
		}
		for batch, err := range u.tables["findings"].whole("").Batches(ctx) {
			if err != nil {
				return err
			}
			for i := range int(batch.NumRows()) {
				one := schemas.FindingAt(batch, i)
				if !slices.ContainsFunc(before, func(b *unit) bool {
					return b.looksAt(one.Table) && (one.RelatedTable == "" || b.looksAt(one.RelatedTable))
				}) {
					l.add(one)
				}
			}
		}
		before = append(before, u)
	}
	return nil
}

// looksAt tells whether the unit reads the table of that name.
func (u *unit) looksAt(table string) bool {
	return slices.ContainsFunc(u.inputs, func(in input) bool { return in.ref == table })
}

// collectBad adds the rows that a source did not use, and what is known of its files.
func (l *Linted) collectBad(ctx context.Context, r *Run, u *unit) error {
	name := u.step.tableName(u.source)
	counts := u.note.Counts
	read := rowsRead(counts, u)
	unusable := schemas.Finding{Severity: schemas.SeverityWarning, Rule: schemas.UnusableRow, Table: name, Count: 1}
	if !l.budget.allows(counts.Bad, read) {
		unusable.Severity = schemas.SeverityError
	}
	rejected := map[string]int64{}
	err := r.eachBad(ctx, u, func(reason, detail, path string, line int64) {
		rejected[reason]++
		one := unusable
		if reason == duplicateID {
			one.Rule = schemas.DuplicateID
		}
		one.Detail = fmt.Sprintf("%s:%d: %s", path, line, reason)
		if detail != "" {
			one.Detail += ": " + detail
		}
		l.add(one)
	})
	if err != nil {
		return err
	}
	if n := counts.Dropped["empty"]; n > 0 {
		l.add(schemas.Finding{Severity: schemas.SeverityInfo, Rule: schemas.EmptyText, Table: name, Count: n,
			Detail: "lines without text were left out; judgments of their ids, if any, are reported as unknown"})
	}
	if k, ok := u.step.component.(knower); ok {
		for _, one := range k.Traps(u.source, read, maps.Clone(rejected)) {
			one.Table = name
			l.add(one)
		}
	}
	return nil
}

// duplicateID is the reason that sources give for an id that comes twice.
const duplicateID = "duplicate_id"

// eachBad calls do for every row of the unit that is in quarantine.
func (r *Run) eachBad(ctx context.Context, u *unit, do func(reason, detail, path string, line int64)) error {
	t := newTable(quarantine, schemas.Quarantine(), r.store, func(n int) string { return r.store.shard(u.key, quarantine, n) })
	for _, s := range u.note.Shards[quarantine] {
		for batch, err := range t.part(quarantine, s).Batches(ctx) {
			if err != nil {
				return err
			}
			column := func(name string) *array.String { return textsOf(batch, name) }
			lines := batch.Column(batch.Schema().FieldIndices(schemas.Line)[0]).(*array.Int64)
			for i := range int(batch.NumRows()) {
				do(column(schemas.Reason).Value(i), column(schemas.Detail).Value(i), column(schemas.FilePath).Value(i), lines.Value(i))
			}
		}
	}
	return nil
}

func textsOf(batch arrow.RecordBatch, name string) *array.String {
	return batch.Column(batch.Schema().FieldIndices(name)[0]).(*array.String)
}
