package sinks

import (
	"context"
	"iter"
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// TestCurves: a curve of a million steps has 200 points at most, each the mean of its steps; the columns that are drawn are the
// losses and what has values.
func TestCurves(t *testing.T) {
	c := &curve{each: 1}
	const steps = 1_000_001
	for i := range steps {
		c.add(float64(i), 2*float64(i)+1)
	}
	points := c.points(1)
	if len(points) > mostPoints || len(points) < mostPoints/2 || c.each > 2*steps/mostPoints+8192 {
		t.Errorf("%d points of %d steps", len(points), c.each)
	}
	n := 0
	for i, s := range c.sums {
		n += s.n
		if math.Abs(points[i].Y-2*points[i].X-1) > 1e-6 || i > 0 && points[i].X <= points[i-1].X {
			t.Fatalf("point %d is %+v", i, points[i])
		}
	}
	if n != steps {
		t.Errorf("%d steps are in the points", n)
	}
}

// TestCurveColumns reads a table of two losses and a dev set, and one of a single loss.
func TestCurveColumns(t *testing.T) {
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	both, err := readCurves(t.Context(), []schemas.Table{trainingOf(checked, "a", "ot", "pooled_mse"), trainingOf(checked, "b", "ot")})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]int{"loss": {3, -1}, "ot": {3, 3}, "pooled_mse": {3, -1}, "value": {1, 1}}
	for _, name := range both.columns {
		for i, curve := range both.plot(name).Curves {
			if n := want[name][curve.Series]; len(curve.Points) != n || curve.Marked != (n == 1) {
				t.Errorf("curve %d of %s has %d points, want %d", i, name, len(curve.Points), n)
			}
			want[name][curve.Series] = -1
		}
	}
	for name, left := range want {
		if left[0] >= 0 || left[1] >= 0 {
			t.Errorf("curves of %s are missing: %v", name, left)
		}
	}
	if order := both.columns; order[0] != "loss" || order[1] != "ot" || order[len(order)-1] != "marginal_error" {
		t.Errorf("columns stand in the order %v", order)
	}
}

// trainingOf is a table of three steps, of which the last was evaluated.
func trainingOf(checked memory.Allocator, name string, losses ...string) schemas.Table {
	schema := schemas.Training(losses...)
	return schemas.Table{Name: name + ".training", Schema: schema, Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			b := array.NewRecordBuilder(checked, schema)
			defer b.Release()
			for step := range 3 {
				for i, field := range schema.Fields() {
					switch of := b.Field(i).(type) {
					case *array.Int32Builder:
						of.Append(int32(step + 1))
					case *array.Float64Builder:
						if field.Name == schemas.Value && step < 2 {
							of.AppendNull()
						} else if field.Name == schemas.MarginalError {
							of.Append(0)
						} else {
							of.Append(1 / float64(step+1))
						}
					}
				}
			}
			batch := b.NewRecordBatch()
			defer batch.Release()
			yield(batch, nil)
		}
	}}
}
