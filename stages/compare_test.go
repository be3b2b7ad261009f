package stages

import (
	"context"
	"iter"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// A score is a row of a table of scores; below 0, seed is null.
type score struct {
	variant         string
	seed            int64
	language, query string
	value           float64
}

// compare runs a comparison of scores and returns its rows, each as a function that gives its columns' values as text.
func compare(t *testing.T, c *Compare, scores []score, workers int) ([]func(string) string, error) {
	t.Helper()
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	table := schemas.Table{Name: "scores", Schema: schemas.Scores(), Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			b := array.NewRecordBuilder(checked, schemas.Scores())
			defer b.Release()
			for _, s := range scores {
				appendText(b.Field(0), s.variant)
				if s.seed < 0 {
					b.Field(1).AppendNull()
				} else {
					b.Field(1).(*array.Int64Builder).Append(s.seed)
				}
				b.Field(2).AppendNull()
				appendText(b.Field(3), s.language)
				appendText(b.Field(4), "nDCG@10")
				appendTextOrNull(b.Field(5), s.query)
				for i := range 5 {
					b.Field(6 + i).(*array.Float64Builder).Append(s.value)
				}
				b.Field(11).(*array.Int32Builder).Append(1)
			}
			batch := b.NewRecordBatch()
			defer batch.Release()
			yield(batch, nil)
		}
	}}
	var rows []func(string) string
	job := Job{Tables: map[string][]schemas.Table{"from": {table}}, Seed: 5, Workers: workers, Progress: func(int64, int64, string) {}}
	job.Outputs = map[string]schemas.Output{"comparisons": {Allocator: checked, Emit: func(batch arrow.RecordBatch) error {
		for i := range int(batch.NumRows()) {
			values := map[string]string{}
			for c, field := range batch.Schema().Fields() {
				values[field.Name] = strings.Clone(batch.Column(c).ValueStr(i))
			}
			rows = append(rows, func(name string) string { return values[name] })
		}
		return nil
	}}}
	_, err := c.Run(t.Context(), job)
	return rows, err
}

// scoresOf are scores of a variant in three languages, on four queries that each value is said of.
func scoresOf(variant string, seed int64, en, hi, th [4]float64) (scores []score) {
	for l, language := range []string{"en", "hi", "th"} {
		scores = append(scores, score{variant, seed, language, "", 0.5}) // a mean, which is not looked at
		for q, value := range [][4]float64{en, hi, th}[l] {
			scores = append(scores, score{variant, seed, language, string(rune('a' + q)), value})
		}
	}
	return scores
}

// TestCompare compares with values worked out by hand.
func TestCompare(t *testing.T) {
	none := scoresOf("none", -1, [4]float64{1, 1, 1, 1}, [4]float64{0, 0.5, 0.5, 1}, [4]float64{0, 0, 0, 0})
	first := scoresOf("ot", 1, [4]float64{0.75, 0.75, 0.75, 0.75}, [4]float64{0.5, 1, 1, 1}, [4]float64{0.25, 0.25, 0.25, 0.25})
	second := scoresOf("ot", 2, [4]float64{0.75, 0.75, 0.75, 0.75}, [4]float64{0.5, 0.5, 0.5, 1}, [4]float64{0.75, 0.75, 0.75, 0.75})
	c := NewCompare()
	c.Baseline, c.LowResource, c.Samples = []string{"none"}, []string{"hi", "th"}, 200
	var scores []score
	for _, part := range [][]score{none, first, second} {
		scores = append(scores, part...)
	}
	rows, err := compare(t, c, scores, 2)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := compare(t, c, scores, 5)
	want := map[string]string{ // variant, group, language: seeds, queries, value, spread, gain, p of the permutation test, forgotten, effect, wins, ties, losses
		"none others en":           "1 4 1 (null) (null) (null) (null) (null) (null) (null) (null)",
		"none low_resource (null)": "1 4 0.25 (null) (null) (null) (null) (null) (null) (null) (null)",
		"none gap (null)":          "1 4 0.75 (null) (null) (null) (null) (null) (null) (null) (null)",
		"ot others en":             "2 4 0.75 0 -0.25 0.125 true (null) 0 0 4",             // of 16 ways to choose signs, two are as far
		"ot low_resource hi":       "2 4 0.75 0.176777 0.25 0.25 (null) 1.22474 3 1 0",     // one difference is 0: two of 8 ways
		"ot low_resource th":       "2 4 0.5 0.353553 0.5 0.125 (null) (null) 4 0 0",       // means 0.25 and 0.75 by seed
		"ot low_resource (null)":   "2 4 0.625 0.0883883 0.375 0.125 (null) 3.67423 4 0 0", // 0.5625 and 0.6875
		"ot others (null)":         "2 4 0.75 0 -0.25 (null) (null) (null) 0 0 4",
		"ot gap (null)":            "2 4 0.125 0.0883883 -0.625 (null) (null) -6.12372 0 0 4",
		"ot all (null)":            "2 4 0.666667 0.0589256 0.166667 0.125 (null) 2.44949 4 0 0",
		"none low_resource hi":     "1 4 0.5 (null) (null) (null) (null) (null) (null) (null) (null)",
		"none low_resource th":     "1 4 0 (null) (null) (null) (null) (null) (null) (null) (null)",
		"none others (null)":       "1 4 1 (null) (null) (null) (null) (null) (null) (null) (null)",
		"none all (null)":          "1 4 0.5 (null) (null) (null) (null) (null) (null) (null) (null)",
	}
	if len(rows) != len(want) {
		t.Errorf("%d rows, want %d", len(rows), len(want))
	}
	for i, row := range rows {
		got := []string{}
		for _, name := range []string{schemas.Seeds, schemas.QueryCount, schemas.Value, schemas.Spread, schemas.Gain, schemas.PPermutation, schemas.Forgotten, schemas.Effect, schemas.Wins, schemas.Ties, schemas.Losses} {
			got = append(got, short(row(name)))
		}
		id := row(schemas.Variant) + " " + row(schemas.Group) + " " + row(schemas.Language)
		if strings.Join(got, " ") != want[id] {
			t.Errorf("%s: %s, want %s", id, strings.Join(got, " "), want[id])
		}
		for _, field := range schemas.Comparisons().Fields() {
			if again[i](field.Name) != row(field.Name) {
				t.Errorf("%s: %s is %s with two workers and %s with five", id, field.Name, row(field.Name), again[i](field.Name))
			}
		}
		if family := row(schemas.Family); (row(schemas.PPermutation) == "(null)") != (family == "0") || family != "0" && family != "5" {
			t.Errorf("%s: a family of %s", id, family)
		}
	}
}

// short rounds what is a number to six digits.
func short(text string) string {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}

func TestCompareErrors(t *testing.T) {
	zero := [4]float64{}
	none, other := scoresOf("none", -1, zero, zero, zero), scoresOf("ot", 1, zero, zero, zero)
	for want, test := range map[string]struct {
		scores                []score
		baseline, lowResource []string
	}{
		`has two values of nDCG@10 for query "a" in en`:         {append(none[:len(none):len(none)], none...), nil, nil},
		`baseline: there is no variant "non"; there are "none"`: {none, []string{"non"}, nil},
		`there are no scores in "sw", which low_resource names`: {none, nil, []string{"sw"}},
		`low_resource names all languages`:                      {none, nil, []string{"en", "hi", "th"}},
		`were measured on other queries, such as "d" in th`:     {append(none[:len(none):len(none)], other[:len(other)-1]...), nil, nil},
		`there are no scores of queries to compare`:             {none[:1], nil, nil},
	} {
		c := NewCompare()
		c.Baseline, c.LowResource = test.baseline, test.lowResource
		if _, err := compare(t, c, test.scores, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
