package sinks

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// comparisonsOf is a table of n variants beside "none", in English and Thai: variant i gains i-2 points in every row, with an
// interval of a point on either side, and p values after correction that make i = 0 and 4 alone significant.
func comparisonsOf(checked memory.Allocator, n int) schemas.Table {
	schema := schemas.Comparisons()
	return schemas.Table{Name: "compared", Schema: schema, Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			b := array.NewRecordBuilder(checked, schema)
			defer b.Release()
			for i := -1; i < n; i++ {
				for _, scope := range [][2]string{{"others", "en"}, {"low_resource", "th"}, {"all", ""}, {"low_resource", ""}, {"others", ""}, {"gap", ""}} {
					appendComparison(b, i, scope[0], scope[1])
				}
			}
			batch := b.NewRecordBatch()
			defer batch.Release()
			yield(batch, nil)
		}
	}}
}

func appendComparison(b *array.RecordBuilder, i int, group, language string) {
	name, gain := "none", float64(i-2)/100
	if i >= 0 {
		name = fmt.Sprintf("v|%d", i)
	} else {
		gain = 0
	}
	for c, text := range []string{name, "none", "", "nDCG@10", group, language} {
		if text == "" {
			b.Field(c).AppendNull()
		} else {
			b.Field(c).(*array.StringBuilder).Append(text)
		}
	}
	b.Field(6).(*array.Int32Builder).Append(2)
	b.Field(7).(*array.Int32Builder).Append(10)
	p := 0.2
	if i == 0 || i == 4 {
		p = 0.01
	}
	for c, x := range []float64{0.5 + gain, 0.49 + gain, 0.51 + gain, 0.005, gain, gain - 0.01, gain + 0.01, p, p, p, 0.2} {
		if i < 0 && c >= 4 {
			b.Field(8 + c).AppendNull()
		} else {
			b.Field(8 + c).(*array.Float64Builder).Append(x)
		}
	}
	b.Field(19).(*array.Int32Builder).Append(int32(3 * max(0, i)))
	if i < 0 || language != "en" {
		b.Field(20).AppendNull()
	} else {
		b.Field(20).(*array.BooleanBuilder).Append(gain+0.01 < 0)
	}
}

func readComparisonsOf(t *testing.T, n int) comparisons {
	t.Helper()
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	c, err := readComparisons(t.Context(), []schemas.Table{comparisonsOf(checked, n)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestComparisons(t *testing.T) {
	got := readComparisonsOf(t, 5).markdown()
	for _, want := range []string{`
## nDCG@10, beside none

| nDCG@10 | en | th | mean | sd | seeds | gain | low-resource | gain | others | gap | en gain |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
| none | 50.0 | 50.0 | 50.0 | 0.50 | 2 |  | 50.0 |  | 50.0 | 50.0 |  |
| v\|4 | ▲52.0 | ▲52.0 | ▲52.0 | 0.50 | 2 | +2.0 (1.0 to 3.0) | ▲52.0 | +2.0 (1.0 to 3.0) | ▲52.0 | 52.0 | +2.0 (1.0 to 3.0) |
| v\|3 | 51.0 |`, "\n| v\\|0 | †▼48.0 | ▼48.0 |", "Beside none, in the mean: ▲ v|4; ▼ v|0; not told apart from it: v|3, v|2, v|1.",
		"Low-resource languages: th."} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no\n%s\nin\n%s", want, got)
		}
	}
}

// TestComparisonsChart: thirty variants have a row each, all of it inside the chart, at the place that its axis gives it.
func TestComparisonsChart(t *testing.T) {
	c := readComparisonsOf(t, 30)
	chart := c[0].chart()
	if len(chart.Rows) != 60 || len(chart.Ticks) < 3 || len(chart.Ticks) > 10 {
		t.Fatalf("%d rows, %d ticks", len(chart.Rows), len(chart.Ticks))
	}
	first, last := chart.Ticks[0], chart.Ticks[len(chart.Ticks)-1]
	if first.X != gainNames || last.X != gainNames+gainWidth || first.Label != "-5" || last.Label != "30" {
		t.Errorf("an axis from %v to %v", first, last)
	}
	above := 0.0
	for _, m := range chart.Rows {
		if m.Low < gainNames || m.High > gainNames+gainWidth || m.Low >= m.X || m.X >= m.High || m.Y <= above || m.Y >= float64(chart.Bottom) {
			t.Errorf("%+v below %v", m, above)
		}
		above = m.Y
	}
	page := c.html()
	for _, want := range []string{"<td>†▼48.0</td>", ">v|29</text>", `<svg viewBox="0 0 908 708"`} {
		if !strings.Contains(page, want) {
			t.Errorf("there is no %s in the page", want)
		}
	}
	if strings.Count(page, "<circle") != 60 || strings.Count(page, `fill="none"`) != 30 {
		t.Errorf("%d circles", strings.Count(page, "<circle"))
	}
}
