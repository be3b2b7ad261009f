package stages

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Concatenate makes one table of several with the same columns: first all rows of the first, then those of the second, and so
// on. Named twice, a table counts double, such as the bitext that is nearest to what is searched.
type Concatenate struct {
	// From names the tables.
	From []schemas.TableRef `yaml:"from" ferry:"required"`
}

// NewConcatenate returns a Concatenate.
func NewConcatenate() *Concatenate { return &Concatenate{} }

// Outputs is a table with the columns of all.
func (c *Concatenate) Outputs(in Types) (Outputs, []schemas.Mistake) {
	var found []schemas.Mistake
	tables := in.Tables["from"]
	for _, t := range tables {
		if differs := difference(tables[0], t); differs != "" {
			found = append(found, schemas.Mistake{Key: fmt.Sprintf("from[%d]", slices.Index(c.From, schemas.TableRef(t.Name))), Problem: differs})
		}
	}
	return Outputs{Tables: []schemas.TableType{{Name: "rows", Schema: in.Schema("from")}}}, found
}

// difference says in what a table is not like the first, among whose rows its own cannot stand; empty if in nothing.
func difference(first, t schemas.TableType) string {
	var differs []string
	for _, f := range first.Schema.Fields() {
		if own, ok := t.Schema.FieldsByName(f.Name); !ok {
			differs = append(differs, fmt.Sprintf("lacks %s (%s)", f.Name, f.Type))
		} else if !own[0].Equal(f) {
			differs = append(differs, fmt.Sprintf("has %s as %s, not as %s", f.Name, own[0].Type, f.Type))
		}
	}
	for _, f := range t.Schema.Fields() {
		if !first.Schema.HasField(f.Name) {
			differs = append(differs, fmt.Sprintf("has %s (%s) besides", f.Name, f.Type))
		}
	}
	prefix, _ := t.Schema.Metadata().GetValue(schemas.Prefix)
	firsts, _ := first.Schema.Metadata().GetValue(schemas.Prefix)
	switch {
	case len(differs) > 0:
	case !t.Schema.Equal(first.Schema):
		differs = []string{fmt.Sprintf("has its columns in another order: %s, not %s", columnList(t.Schema), columnList(first.Schema))}
	case prefix != firsts:
		differs = []string{fmt.Sprintf("was tokenized with the prefix %q, not %q", prefix, firsts)}
	case !slices.Equal(schemas.Lineage(t.Schema), schemas.Lineage(first.Schema)):
		differs = []string{"was embedded by another model"}
	default:
		return ""
	}
	return fmt.Sprintf("%s is not like %s: it %s", t.Name, first.Name, strings.Join(differs, ", "))
}

// Run concatenates.
func (c *Concatenate) Run(ctx context.Context, job Job) (*model.Model, error) {
	return nil, eachBatch(ctx, job, "from", func(batch arrow.RecordBatch) error { return job.Outputs["rows"].Emit(batch) })
}
