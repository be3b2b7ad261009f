package measure

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// table is a run or a set of judgments: by query, then by document.
type table map[string]map[string]float64

// readTable reads the query, document and number columns of a file whose
// fields are separated by white space; lines that begin with # are comments.
func readTable(t *testing.T, path string, query, document, number int) table {
	t.Helper()
	rows := table{}
	for _, f := range readFields(t, path) {
		value, err := strconv.ParseFloat(f[number], 64)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if rows[f[query]] == nil {
			rows[f[query]] = map[string]float64{}
		}
		rows[f[query]][f[document]] = value
	}
	return rows
}

func readFields(t *testing.T, path string) [][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 0 && line[0] != '#' {
			rows = append(rows, fields)
		}
	}
	return rows
}

// evaluate adds every judged query to an evaluation, cutting the ranked hits
// at depth if it is above 0 (trec_eval's -M).
func evaluate(t *testing.T, run, qrels table, measures []Measure, o Options, depth int) *Evaluation {
	t.Helper()
	e := New(measures, o)
	for query, grades := range qrels {
		judged := map[string]int32{}
		for d, grade := range grades {
			judged[d] = int32(grade)
		}
		hits := []Hit{}
		for d, score := range run[query] {
			hits = append(hits, Hit{d, score})
		}
		if err := Rank(query, hits); err != nil {
			t.Fatal(err)
		}
		if depth > 0 && len(hits) > depth {
			hits = hits[:depth]
		}
		if _, err := e.Add(query, hits, judged); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// byQuery returns every value by query and measure, the means under "all".
func byQuery(t *testing.T, e *Evaluation) map[string]map[Measure]float64 {
	t.Helper()
	values := map[string]map[Measure]float64{"all": {}}
	queries, err := e.Queries()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		values[q.Query] = map[Measure]float64{}
		for i, m := range e.measures {
			values[q.Query][m] = q.Values[i]
		}
	}
	summaries, err := e.Summaries(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range summaries {
		values["all"][s.Measure] = s.Mean
	}
	return values
}

// A published line is what trec_eval printed: measure, query, value.
type published struct {
	measure Measure
	query   string
	value   string
}

// readPublished returns the lines of trec_eval's output whose measure is ours.
func readPublished(t *testing.T, path string) (lines []published, measures []Measure) {
	t.Helper()
	known := map[Measure]bool{}
	for _, f := range readFields(t, path) {
		m, err := Parse(f[0])
		if err != nil {
			continue // one of the measures that ferry does not have
		}
		lines = append(lines, published{m, f[1], f[2]})
		if !known[m] {
			known[m] = true
			measures = append(measures, m)
		}
	}
	return lines, measures
}

func TestTrecEvalPublished(t *testing.T) {
	data := os.Getenv("FERRY_DATA")
	if data == "" {
		data = "../../../shared/data"
	}
	folder := filepath.Join(data, "trec_eval", "test")
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("trec_eval's golden files are not there (set FERRY_DATA): %v", err)
	}
	for _, test := range []struct {
		output, qrels, run string
		options            Options
		depth, lines       int
	}{
		{"out.test", "qrels.test", "results.test", Options{SkipAbsent: true}, 0, 29},
		{"out.test", "qrels.test.with-comments", "results.test", Options{SkipAbsent: true}, 0, 29},
		{"out.test.a", "qrels.test", "results.test", Options{SkipAbsent: true}, 0, 91},
		{"out.test.aq", "qrels.test", "results.test", Options{SkipAbsent: true}, 0, 358},
		{"out.test.aqc", "qrels.test", "results.trunc", Options{}, 0, 358},
		{"out.test.aqcM", "qrels.test", "results.trunc", Options{}, 100, 358},
		{"out.test.aql", "qrels.rel_level", "results.test", Options{Level: 2, SkipAbsent: true}, 0, 358},
		{"out.test.meas_params", "qrels.test", "results.test", Options{SkipAbsent: true}, 0, 76},
	} {
		t.Run(test.output+" "+test.qrels, func(t *testing.T) {
			lines, measures := readPublished(t, filepath.Join(folder, test.output))
			if len(lines) != test.lines {
				t.Errorf("%d lines are of our measures, want %d", len(lines), test.lines)
			}
			run := readTable(t, filepath.Join(folder, test.run), 0, 2, 4)
			qrels := readTable(t, filepath.Join(folder, test.qrels), 0, 2, 3)
			got := byQuery(t, evaluate(t, run, qrels, measures, test.options, test.depth))
			for _, line := range lines {
				digits := 4
				if !strings.Contains(line.value, ".") { // a count
					digits = 0
				}
				if s := strconv.FormatFloat(got[line.query][line.measure], 'f', digits, 64); s != line.value {
					t.Errorf("%s of %s is %s, want %s", line.measure, line.query, s, line.value)
				}
			}
		})
	}
}

// TestPytrecEval compares with ==: see growLog2 for why that is possible.
func TestPytrecEval(t *testing.T) {
	run := readTable(t, "testdata/pytrec_eval.run", 0, 1, 2)
	qrels := readTable(t, "testdata/pytrec_eval.qrels", 0, 1, 2)
	lines, measures := readPublished(t, "testdata/pytrec_eval.tsv")
	if len(lines) < 1000 || len(measures) != 64 {
		t.Fatalf("%d lines of %d measures", len(lines), len(measures))
	}
	got := byQuery(t, evaluate(t, run, qrels, measures, Options{}, 0))
	compared := map[string]bool{}
	for _, line := range lines {
		want, err := strconv.ParseFloat(line.value, 64)
		if err != nil {
			t.Fatal(err)
		}
		if value := got[line.query][line.measure]; value != want {
			t.Errorf("%s of %s is %v, want %v", line.measure, line.query, value, want)
		}
		compared[line.query] = true
	}
	for query, values := range got {
		for m, value := range values {
			if !compared[query] && m.Averaged() && value != 0 {
				t.Errorf("%s of absent query %s is %v, want 0", m, query, value)
			}
		}
	}
}
