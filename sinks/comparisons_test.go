package sinks

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
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
	for c, n := range []int{7, 2, 1} {
		if i < 0 {
			b.Field(22 + c).AppendNull()
		} else {
			b.Field(22 + c).(*array.Int32Builder).Append(int32(n))
		}
	}
	if i < 0 {
		b.Field(21).AppendNull()
	} else {
		b.Field(21).(*array.Float64Builder).Append(10 * gain)
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
		"Low-resource languages: th.", "\n| v\\|4 | mean | ▲+2.0 (1.0 to 3.0) | +0.20 | 7 | 2 | 1 | 0.0100 | 0.2000 |\n", "\n| v\\|1 | th | -1.0 (-2.0 to 0.0) | -0.10 | 7 | 2 | 1 | 0.2000 | 0.2000 |\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no\n%s\nin\n%s", want, got)
		}
	}
}

// TestComparisonsCharts: thirty variants have a row each in the chart of gains, and the best of them a dot beside the baseline's.
func TestComparisonsCharts(t *testing.T) {
	c := readComparisonsOf(t, 30)
	gains, languages := c[0].gains(), c[0].beforeAndAfter()
	if len(gains.Rows) != 30 || gains.Rows[0].Label != "v|29" || len(gains.Rows[0].Dots) != 2 {
		t.Errorf("%d rows of gains, the first %+v", len(gains.Rows), gains.Rows[0])
	}
	if dot := gains.Rows[0].Dots[0]; math.Abs(dot.X-27) > 1e-9 || math.Abs(dot.Low-26) > 1e-9 || math.Abs(dot.High-28) > 1e-9 {
		t.Errorf("the first gain is %+v", dot)
	}
	if len(languages.Rows) != 2 || len(languages.Rows[0].Dots) != 7 || languages.Series[0] != "none" || languages.Series[6] != "v|24" {
		t.Errorf("%+v", languages)
	}
	section := figure.Page{Sections: []figure.Section{c.section()}}.HTML()
	for want, n := range map[string]int{`<td><span class="mark" aria-hidden="true">†▼</span><span class="spoken">a loss where there is training data, significantly worse </span>48.0</td>`: 1,
		">v|29</bdi>": 2, `<use href="#s1"`: 30 + 2 + 2, `<use href="#base"`: 2 + 1, "<strong>77.0</strong>": 5, `class="hot" style="--heat: 60%">77.0<`: 2} {
		if got := strings.Count(section, want); got != n {
			t.Errorf("%d times %s in the page, want %d", got, want, n)
		}
	}
}
