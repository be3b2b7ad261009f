package trec

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/measure"
)

const comparedRuns = "testdata"

func compareRuns(t *testing.T, o CompareOptions, names ...string) *Compared {
	t.Helper()
	var paths []string
	for _, name := range names {
		paths = append(paths, filepath.Join(comparedRuns, name))
	}
	c, err := Compare(t.Context(), paths, filepath.Join(comparedRuns, "qrels"), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// measures parses names.
func measures(t testing.TB, names ...string) []measure.Measure {
	t.Helper()
	parsed, err := ParseMeasures(names, true)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestCompare compares with scipy, numpy, ranx and pytrec_eval; make_golden.py made the file. What is drawn is within four
// standard errors.
func TestCompare(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(comparedRuns, "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden []struct {
		Measure, Run              string
		Value, Gain, Effect, Ranx float64
		Differ                    int
		PPermutation              float64 `json:"p_permutation"`
		PTTest                    float64 `json:"p_t_test"`
		Wins, Ties, Losses        int
		Interval                  [2]float64
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	c := compareRuns(t, CompareOptions{Measures: measures(t, "nDCG@10", "AP", "RR", "P@5"), Seed: 1, Workers: 2}, "a.run", "b.run", "c.run")
	if len(golden) != 8 || len(c.Comparisons) != 12 {
		t.Fatalf("%d and %d rows", len(golden), len(c.Comparisons))
	}
	near := func(what string, got, want, within float64) {
		t.Helper()
		if math.Abs(got-want) > within {
			t.Errorf("%s is %v, want %v within %v", what, got, want, within)
		}
	}
	for _, want := range golden {
		i := slices.IndexFunc(c.Comparisons, func(row Comparison) bool {
			return row.Measure == want.Measure && row.Run == want.Run+".run"
		})
		row, name := c.Comparisons[i], want.Measure+" of "+want.Run
		near(name, row.Value, want.Value, 1e-12)
		near(name+": gain", row.Gain, want.Gain, 1e-12)
		near(name+": effect", *row.Effect, want.Effect, 1e-9)
		near(name+": t-test", row.PTTest, want.PTTest, 1e-9)
		near(name+": ranx's t-test", row.PTTest, want.Ranx, 1e-9)
		drawn := 0.0
		if want.Differ > 13 { // more than 10,000 ways to choose signs
			drawn = 4 * math.Sqrt(want.PPermutation*(1-want.PPermutation)/10_000)
		}
		near(name+": permutation test", row.PPermutation, want.PPermutation, 1e-12+drawn)
		width := want.Interval[1] - want.Interval[0]
		near(name+": low", row.GainLow, want.Interval[0], 0.04*width) // the error of a percentile is 0.7 % of the width
		near(name+": high", row.GainHigh, want.Interval[1], 0.04*width)
		if row.Wins != want.Wins || row.Ties != want.Ties || row.Losses != want.Losses {
			t.Errorf("%s: %d better, %d the same, %d worse; want %d, %d, %d", name, row.Wins, row.Ties, row.Losses, want.Wins, want.Ties, want.Losses)
		}
		if row.PTTestHolm < row.PTTest || row.PTTestHolm > 8*row.PTTest {
			t.Errorf("%s: p %v is corrected to %v", name, row.PTTest, row.PTTestHolm)
		}
	}
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "b.run has no hits for 2 of the 40 queries that are judged") {
		t.Errorf("warnings %q", c.Warnings)
	}
}

// TestCompareMoved: the queries that moved most, by the differences of two evaluations, with ranks as the files have them.
func TestCompareMoved(t *testing.T) {
	c := compareRuns(t, CompareOptions{Measures: measures(t, "nDCG@10"), Top: 3, Seed: 1, Workers: 2}, "a.run", "b.run")
	values := map[string]map[string]float64{}
	for _, run := range []string{"a.run", "b.run"} {
		e, err := Evaluate(t.Context(), filepath.Join(comparedRuns, run), filepath.Join(comparedRuns, "qrels"), EvaluateOptions{Measures: measures(t, "nDCG@10"), Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		values[run] = map[string]float64{}
		for _, q := range e.Queries {
			values[run][q.Query] = q.Values[0]
		}
	}
	var gains []float64
	for query, before := range values["a.run"] {
		gains = append(gains, values["b.run"][query]-before)
	}
	slices.Sort(gains)
	want := []float64{gains[39], gains[38], gains[37], gains[0], gains[1], gains[2]}
	if len(c.Moved) != 6 {
		t.Fatalf("%d queries", len(c.Moved))
	}
	ranks := map[string]string{}
	for _, run := range []string{"a.run", "b.run"} {
		text, err := os.ReadFile(filepath.Join(comparedRuns, run))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) { // written by score
			f := strings.Fields(line)
			ranks[run+" "+f[0]+" "+f[2]] = f[3]
		}
	}
	for i, q := range c.Moved {
		if q.After-q.Before != want[i] || q.After != values["b.run"][q.QueryID] || q.First != 10 {
			t.Errorf("query %s went from %v to %v, want by %v", q.QueryID, q.Before, q.After, want[i])
		}
		for _, d := range q.Documents {
			for run, rank := range map[string]*int{"a.run": d.RankBefore, "b.run": d.RankAfter} {
				got := ""
				if rank != nil {
					got = strconv.Itoa(*rank)
				}
				if file := ranks[run+" "+q.QueryID+" "+d.DocumentID]; got != file {
					t.Errorf("%s of query %s is at %q in %s, want %q", d.DocumentID, q.QueryID, got, run, file)
				}
			}
		}
	}
}

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestCompareTwice: the same seed gives the same at any number of workers, another one not; and runs in any order of lines.
func TestCompareTwice(t *testing.T) {
	o := CompareOptions{Measures: measures(t, "AP", "RR"), Top: 4, Seed: 1, Workers: 1}
	want := mustJSON(t, compareRuns(t, o, "a.run", "c.run"))
	o.Workers = 4
	if again := mustJSON(t, compareRuns(t, o, "a.run", "c.run")); string(again) != string(want) {
		t.Error("the number of workers makes a difference")
	}
	text, err := os.ReadFile(filepath.Join(comparedRuns, "c.run"))
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(text)))
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[4:], b[4:]) })
	shuffled := filepath.Join(t.TempDir(), "c.run")
	if err := os.WriteFile(shuffled, []byte(strings.Join(lines, "")), 0o666); err != nil {
		t.Fatal(err)
	}
	c, err := Compare(t.Context(), []string{filepath.Join(comparedRuns, "a.run"), shuffled}, filepath.Join(comparedRuns, "qrels"), o)
	if err != nil || string(mustJSON(t, c)) != string(want) {
		t.Errorf("the order of lines makes a difference: %v", err)
	}
	o.Seed = 2
	if other := mustJSON(t, compareRuns(t, o, "a.run", "c.run")); string(other) == string(want) {
		t.Error("the seed makes no difference")
	}
}

// BenchmarkCompare compares two runs of 1,000 queries by four measures, of 100 hits each.
func BenchmarkCompare(b *testing.B) {
	folder, random := b.TempDir(), rand.New(rand.NewPCG(1, 1))
	write := func(name string, line func(query, i int) string) string {
		var text strings.Builder
		for query := range 1000 {
			for i := range 100 {
				text.WriteString(line(query, i))
			}
		}
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text.String()), 0o666); err != nil {
			b.Fatal(err)
		}
		return path
	}
	run := func(query, i int) string {
		return fmt.Sprintf("q%d Q0 d%d 1 %.6f x\n", query, i*7, random.NormFloat64())
	}
	runs := []string{write("a", run), write("b", run)}
	judgments := write("qrels", func(query, i int) string {
		if i%20 > 0 {
			return ""
		}
		return fmt.Sprintf("q%d 0 d%d %d\n", query, i*7, random.IntN(3))
	})
	o := CompareOptions{Measures: measures(b, "nDCG@10", "AP", "RR@10", "R@100"), Top: 5, Seed: 1, Workers: 2}
	for b.Loop() {
		if _, err := Compare(b.Context(), runs, judgments, o); err != nil {
			b.Fatal(err)
		}
	}
}
