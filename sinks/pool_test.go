package sinks

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// pooledScores are two variants on queries in Swahili and Hindi, which search documents in English and Swahili. Of "new", documents
// with equal scores may be worth 3 points.
func pooledScores(t *testing.T, checked memory.Allocator) *scores {
	var rows [][]any
	add := func(variant, measure string, sw, hi, ties float64) {
		for _, one := range []struct {
			language string
			value    float64
		}{{"sw", sw}, {"hi", hi}} {
			rows = append(rows, []any{variant, nil, "dense", one.language, measure, nil, one.value, one.value - 0.1, one.value + 0.1, one.value - ties, one.value + 2*ties, 5})
		}
	}
	for _, variant := range []string{"old", "new"} {
		add(variant, "relevant_share(en)", 0.75, 0.75, 0)
		add(variant, "relevant_share(sw)", 0.25, 0.25, 0)
	}
	add("old", "share(en)@10", 0.9, 0.7, 0)
	add("old", "share(sw)@10", 0.1, 0.3, 0)
	add("new", "share(en)@10", 0.6, 0.8, 0)
	add("new", "share(sw)@10", 0.4, 0.2, 0)
	add("new", "hole(sw)@10", 0.05, 0.15, 0)
	add("old", "nDCG@10", 0.5, 0.4, 0)
	add("new", "nDCG@10", 0.6, 0.3, 0.01)
	s, err := readScores(t.Context(), []schemas.Table{builtOf(t, checked, "scores", schemas.Scores(), rows...)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPool: shares of languages stand in one table and no other, with the mean of the others less that of the low-resource ones, and
// are coloured by how far they are from those of the relevant documents.
func TestPool(t *testing.T) {
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	s := pooledScores(t, checked)
	got := s.markdown([]string{"hi", "sw"})
	want := `
| of the first 10, dense | en | sw | low-resource | others | gap |
|---|---:|---:|---:|---:|---:|
| relevant | 75.0 | 25.0 | 25.0 | 75.0 | 50.0 |
| old | 80.0 | 20.0 | 20.0 | 80.0 | 60.0 |
| new | 70.0 | 30.0 | 30.0 | 70.0 | 40.0 |
| new, not judged |  | 10.0 | 10.0 |  |  |
`
	if !strings.Contains(got, want) || strings.Count(got, "share(") > 0 || strings.Count(got, "\n| nDCG@10, dense |") != 2 {
		t.Errorf("there is no\n%s\nin\n%s", want, got)
	}
	if rows := s.poolTable(s.pools()[0], nil).Rows; len(rows[0]) != 3 || rows[2][1].Heat < 0.99 || rows[2][2].Heat > -0.99 || rows[4][2].Heat != 0 {
		t.Errorf("without low-resource languages the table is %+v", rows)
	}
}

// TestTies: bounds over ties have a table where they are apart, and only there.
func TestTies(t *testing.T) {
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer checked.AssertSize(t, 0)
	s := pooledScores(t, checked)
	if got, want := s.markdown(nil), `
## Worst and best case over ties, nDCG@10, dense

| nDCG@10, dense | old | new |
|---|---:|---:|
| sw | 50.00 (50.00 to 50.00) | 60.00 (59.00 to 62.00) |
| hi | 40.00 (40.00 to 40.00) | 30.00 (29.00 to 32.00) |
| mean | 45.00 (45.00 to 45.00) | 45.00 (44.00 to 47.00) |
`; !strings.Contains(got, want) {
		t.Errorf("there is no\n%s\nin\n%s", want, got)
	}
	if got := string(s.ties("nDCG@10, dense")); !strings.Contains(got, "<summary>Worst and best case over ties: 3.00 points apart at most</summary>") {
		t.Errorf("the page says %s", got)
	}
	if got := string(s.ties("share(en)@10, dense")); !strings.Contains(got, "No order of documents") {
		t.Errorf("without ties, the page says %s", got)
	}
}
