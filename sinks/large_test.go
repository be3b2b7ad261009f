package sinks

import (
	"context"
	"fmt"
	"iter"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

const largeLanguages, largeVariants, largeMeasures = 300, 20, 10

// largeJob is the scores and comparisons of 20 variants in 300 languages by 10 measures, with so many values of queries.
func largeJob(queries int) Job {
	table := func(name string, schema *arrow.Schema, n int, row func(b *array.RecordBuilder, i int)) []schemas.Table {
		return []schemas.Table{{Name: name, Schema: schema, Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
			return func(yield func(arrow.RecordBatch, error) bool) {
				for from := 0; from < n; from += 8192 {
					b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
					for i := from; i < min(n, from+8192); i++ {
						row(b, i)
					}
					if !yield(b.NewRecordBatch(), nil) {
						return
					}
				}
			}
		}}}
	}
	text := func(b *array.RecordBuilder, column int, format string, i int) {
		b.Field(column).(*array.StringBuilder).Append(fmt.Sprintf(format, i))
	}
	numbers := func(b *array.RecordBuilder, from int, values ...float64) {
		for c, x := range values {
			b.Field(from + c).(*array.Float64Builder).Append(x)
		}
	}
	const means = largeLanguages * largeVariants * largeMeasures
	scores := func(b *array.RecordBuilder, i int) {
		text(b, 0, "variant %d", i%largeVariants)
		b.Field(1).AppendNull()
		b.Field(2).AppendNull()
		text(b, 3, "l%03d", i/largeVariants%largeLanguages)
		text(b, 4, "P@%d", i/largeVariants/largeLanguages%largeMeasures+1)
		if i < means {
			b.Field(5).AppendNull()
		} else {
			text(b, 5, "query %d", i)
		}
		x := float64(i*7919%10007) / 10007
		numbers(b, 6, x, x*0.9, x*1.1, x*0.99, x*1.01)
		b.Field(11).(*array.Int32Builder).Append(100)
	}
	scopes := largeLanguages + 1 // and the mean
	comparisons := func(b *array.RecordBuilder, i int) {
		variant, scope, measure := i%largeVariants, i/largeVariants%scopes, i/largeVariants/scopes
		text(b, 0, "variant %d", variant)
		text(b, 1, "variant %d", 0)
		b.Field(2).AppendNull()
		text(b, 3, "P@%d", measure+1)
		if scope == 0 {
			text(b, 4, schemas.GroupAll, 0)
			b.Field(5).AppendNull()
		} else {
			text(b, 4, schemas.GroupOthers, 0)
			text(b, 5, "l%03d", scope)
		}
		x := float64(i*7919%10007) / 10007
		b.Field(6).(*array.Int32Builder).Append(1)
		b.Field(7).(*array.Int32Builder).Append(100)
		numbers(b, 8, x, x*0.9, x*1.1)
		b.Field(11).AppendNull()
		numbers(b, 12, x-0.5, x-0.6, x-0.4, x/2, x, x/2, x)
		b.Field(19).(*array.Int32Builder).Append(int32(scopes * largeVariants))
		b.Field(20).AppendNull()
		numbers(b, 21, x-0.5)
		for c := range 3 {
			b.Field(22 + c).(*array.Int32Builder).Append(int32(i % 100))
		}
	}
	return Job{Tables: map[string][]schemas.Table{"from": table("scores", schemas.Scores(), means+queries, scores),
		"comparisons": table("compared", schemas.Comparisons(), scopes*largeVariants*largeMeasures, comparisons)}}
}

// writeLarge writes the report of a large job, and returns its page and what a terminal shows.
func writeLarge(t testing.TB, queries int) (page, summary string) {
	r := &Report{From: []schemas.TableRef{"scores"}, Comparisons: []schemas.TableRef{"compared"}, Path: schemas.Path(t.TempDir())}
	summary, err := r.Write(t.Context(), largeJob(queries))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(r.Page())
	if err != nil {
		t.Fatal(err)
	}
	return string(data), summary
}

// TestLargeReport: a page of 20 variants in 300 languages by 10 measures is no larger than a browser likes, and says what it leaves out.
func TestLargeReport(t *testing.T) {
	page, summary := writeLarge(t, 1000)
	if len(page) > 6<<20 {
		t.Errorf("the page has %d bytes", len(page))
	}
	for _, want := range []string{"Shown here: 40 of 300 languages, those in which variants differ most. comparisons.parquet has all.", "Shown here: 40 of 300 languages, those in which variants differ most. scores.parquet has all.", "These are 200 of 6020 tests."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	if !strings.Contains(summary, "Shown here: 40 of 300 languages") {
		t.Errorf("the terminal shows %s", summary)
	}
}

// BenchmarkLargeReport writes it with the values of 1,000,000 queries beside.
func BenchmarkLargeReport(b *testing.B) {
	for b.Loop() {
		page, _ := writeLarge(b, 1_000_000)
		b.ReportMetric(float64(len(page)), "bytes")
	}
}

// TestLargeParts: of many pairs and models the page shows the first, and says so.
func TestLargeParts(t *testing.T) {
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	var rows [][]any
	var trainings []schemas.Table
	for i := range 60 {
		rows = append(rows, []any{fmt.Sprint("pair ", i), "en", "sw", 0, 0, "a", "b", 0.5, 0.1}, []any{fmt.Sprint("pair ", i), "en", "sw", 1, 1, "c", "d", 0.5, 0.1})
		trainings = append(trainings, trainingOf(checked, fmt.Sprint("model ", i), "ot"))
	}
	plans := builtOf(t, checked, "plans", schemas.Plans(), rows...)
	r := &Report{Alignments: []schemas.TableRef{"plans"}, Path: schemas.Path(t.TempDir())}
	_, err := r.Write(t.Context(), Job{Tables: map[string][]schemas.Table{"alignments": {plans}, "training": trainings}})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(r.Page())
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, want := range []string{"These are 48 of 60 pairs.", "pair 47: cost 0.100", "Curves of the first 24 of 60 models.", "model 23<"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	if strings.Contains(page, "pair 48") || strings.Contains(page, "model 24") {
		t.Error("the page shows what it says that it leaves out")
	}
}
