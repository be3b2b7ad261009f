package sources

import (
	"bytes"
	"context"
	"os"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

type source interface {
	Tables() []schemas.TableType
	Files() ([]string, error)
	Read(ctx context.Context, table string, out schemas.Output) error
	Validate() []schemas.Mistake
}

// null is how a null is printed by Arrow.
const null = "(null)"

// A result is what a source made of a table: every row as text, in column order.
type result struct {
	columns  []string
	rows     [][]string
	batches  []int64
	rejected []schemas.Rejected
	dropped  map[string]int64
	err      error
}

// count is the number of rows that were dropped or rejected.
func (r *result) count() int64 {
	n := int64(len(r.rejected))
	for _, d := range r.dropped {
		n += d
	}
	return n
}

// at is the value of a row in the column of that name.
func (r *result) at(row int, column string) string {
	return r.rows[row][slices.Index(r.columns, column)]
}

// read reads a table and asserts that its batches fit its schema and that nothing stays allocated.
func read(t testing.TB, s source, table string) *result {
	t.Helper()
	return readWith(t, context.Background(), s, table, 1, nil)
}

func readWith(t testing.TB, ctx context.Context, s source, table string, workers int, emitted func()) *result {
	t.Helper()
	allocator := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer allocator.AssertSize(t, 0)
	var schema *arrow.Schema
	for _, offered := range s.Tables() {
		if offered.Name == table {
			schema = offered.Schema
		}
	}
	r := &result{dropped: map[string]int64{}}
	for i := 0; schema != nil && i < schema.NumFields(); i++ {
		r.columns = append(r.columns, schema.Field(i).Name)
	}
	r.err = s.Read(ctx, table, schemas.Output{
		Allocator: allocator,
		Emit: func(batch arrow.RecordBatch) error {
			if schema == nil || !batch.Schema().Equal(schema) {
				t.Fatalf("%s: batch has the schema %v, the source offers %v", table, batch.Schema(), schema)
			}
			r.batches = append(r.batches, batch.NumRows())
			for i := range int(batch.NumRows()) {
				var row []string
				for _, column := range batch.Columns() {
					row = append(row, column.ValueStr(i))
				}
				r.rows = append(r.rows, row)
			}
			if emitted != nil {
				emitted()
			}
			return nil
		},
		Reject:  func(x schemas.Rejected) error { r.rejected = append(r.rejected, x); return nil },
		Drop:    func(reason string, n int64) { r.dropped[reason] += n },
		Workers: workers,
	})
	return r
}

func lineCount(t *testing.T, path schemas.Path) int {
	t.Helper()
	content, err := os.ReadFile(string(path))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(content, []byte("\n"))
}
