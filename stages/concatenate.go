package stages

import (
	"context"
	"fmt"

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
	first := in.Schema("from")
	for i, t := range in.Tables["from"] {
		if !t.Schema.Equal(first) || !t.Schema.Metadata().Equal(first.Metadata()) {
			return Outputs{}, []schemas.Mistake{{Key: fmt.Sprintf("from[%d]", i), Problem: "has other columns than the first table: " + columnList(t.Schema) + "; that one has " + columnList(first)}}
		}
	}
	return Outputs{Tables: []schemas.TableType{{Name: "rows", Schema: first}}}, nil
}

// Run concatenates.
func (c *Concatenate) Run(ctx context.Context, job Job) (*model.Model, error) {
	return nil, eachBatch(ctx, job, "from", func(batch arrow.RecordBatch) error { return job.Outputs["rows"].Emit(batch) })
}
