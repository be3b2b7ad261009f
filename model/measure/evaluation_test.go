package measure

import (
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"testing"
)

func mustParse(t *testing.T, names ...string) []Measure {
	t.Helper()
	measures := make([]Measure, len(names))
	for i, name := range names {
		m, err := Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		measures[i] = m
	}
	return measures
}

func TestRank(t *testing.T) {
	hits := []Hit{
		{"a", 1}, {"z", -1}, {"é", 1}, {"b", 1.00000001}, {"Z", 1}, {"first", 1.0001},
		{"ab", 1}, {"last", math.Inf(-1)}, {"0", 0}, {"1", math.Copysign(0, -1)},
	}
	if err := Rank("q", hits); err != nil {
		t.Fatal(err)
	}
	order := []string{}
	for _, h := range hits {
		order = append(order, h.Document)
	}
	if want := "first é b ab a Z 1 0 z last"; strings.Join(order, " ") != want {
		t.Errorf("ranked %v, want %s", order, want)
	}
}

func TestRankErrors(t *testing.T) {
	for want, hits := range map[string][]Hit{
		`ranking the hits of query "q7": document "d1" is there twice`:               {{"d1", 3}, {"d2", 2}, {"d1", 1}},
		`ranking the hits of query "q7": the score of document "d2" is not a number`: {{"d1", 3}, {"d2", math.NaN()}},
	} {
		if _, err := New(nil, Options{}).Add("q7", hits, nil); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestCorners covers what no golden file can: trec_eval's result for a query
// with negative grades only depends on the query before it.
func TestCorners(t *testing.T) {
	measures := mustParse(t, "nDCG", "nDCG@1", "AP", "AP@1", "RR", "RR@1", "R@1", "P@2", "success@1")
	for name, test := range map[string]struct {
		hits   []Hit
		judged map[string]int32
		want   []float64
	}{
		"negative grades only": {[]Hit{{"a", 1}}, map[string]int32{"a": -1, "b": -2}, make([]float64, 9)},
		"zero grades only":     {[]Hit{{"a", 1}}, map[string]int32{"a": 0}, make([]float64, 9)},
		"no hits":              {nil, map[string]int32{"a": 1}, make([]float64, 9)},
		"relevant at rank 2": {[]Hit{{"b", 1}, {"a", 0}}, map[string]int32{"a": 1},
			[]float64{1 / growLog2(nil, 3)[3], 0, 0.5, 0, 0.5, 0, 0, 0.5, 0}},
		"huge grade": {[]Hit{{"a", 1}}, map[string]int32{"a": math.MaxInt32}, []float64{1, 1, 1, 1, 1, 1, 1, 0.5, 1}},
	} {
		got, err := New(measures, Options{}).Add("q", test.hits, test.judged)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, test.want)
		}
	}
}

func TestOptions(t *testing.T) {
	add := func(o Options) *Evaluation {
		e := New(mustParse(t, "RR"), o)
		for _, q := range []struct {
			query  string
			hits   []Hit
			judged map[string]int32
		}{
			{"unjudged", []Hit{{"a", 1}}, nil},
			{"found", []Hit{{"a", 1}}, map[string]int32{"a": 1}},
			{"absent", nil, map[string]int32{"a": 1}},
			{"nothing", []Hit{{"a", 1}}, map[string]int32{"a": 0}},
		} {
			if _, err := e.Add(q.query, q.hits, q.judged); err != nil {
				t.Fatal(err)
			}
		}
		return e
	}
	for o, want := range map[Options]float64{
		{}:                          1. / 3,
		{SkipAbsent: true}:          1. / 2,
		{SkipNothingRelevant: true}: 1. / 2,
		{SkipAbsent: true, SkipNothingRelevant: true}: 1,
	} {
		e := add(o)
		summaries, err := e.Summaries(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		left := 4 - e.Skipped.Unjudged - e.Skipped.Absent - e.Skipped.NothingRelevant
		if s := summaries[0]; s.Mean != want || s.Queries != left {
			t.Errorf("%+v: mean %v over %d queries, want %v over %d", o, s.Mean, s.Queries, want, left)
		}
	}
	none := New(nil, Options{})
	none.Add("unjudged", nil, nil)
	if _, err := none.Summaries(0, 0); err == nil || !strings.Contains(err.Error(), "none is left (1 have no judgments") {
		t.Errorf("error %v", err)
	}
	twice := add(Options{})
	twice.Add("found", nil, map[string]int32{"a": 1})
	if _, err := twice.Queries(); err == nil || !strings.Contains(err.Error(), `query "found" was added twice`) {
		t.Errorf("error %v", err)
	}
}

// TestInterval compares with the normal distribution's interval, which the
// bootstrap's approaches for many queries, and with numpy's percentiles.
func TestInterval(t *testing.T) {
	values := make([]float64, 400)
	for i := range values[:120] {
		values[i] = 1
	}
	low, high := Interval(values, 10000, 7)
	half := 1.96 * math.Sqrt(0.3*0.7/400)
	if math.Abs(low-(0.3-half)) > 0.0025 || math.Abs(high-(0.3+half)) > 0.0025 {
		t.Errorf("interval %v to %v, want 0.3 +- %v", low, high, half)
	}
	if l, h := Interval(values, 10000, 7); l != low || h != high {
		t.Error("the same seed gives another interval")
	}
	if l, h := Interval(values, 100, 8); l == low && h == high {
		t.Error("the seed has no effect")
	}
	if l, h := Interval([]float64{0.25}, 10, 1); l != 0.25 || h != 0.25 {
		t.Errorf("one value's interval is %v to %v", l, h)
	}
	if l, h := Interval([]float64{1, 0, 1}, 1000, 1); l != 0 || h != 1 { // every value is drawn
		t.Errorf("the interval of 1, 0, 1 is %v to %v", l, h)
	}
	if _, h := Interval([]float64{0, 0, 1}, 1000, 1); h != 1 {
		t.Errorf("the interval of 0, 0, 1 ends at %v", h)
	}
	if p := percentile([]float64{1, 2, 3, 4}, 0.025); math.Abs(p-1.075) > 1e-15 { // numpy.percentile([1,2,3,4], 2.5)
		t.Errorf("percentile %v, want 1.075", p)
	}
}

// TestLog2 compares with 40 digits of log2 from another source (Python's decimal).
func TestLog2(t *testing.T) {
	table := growLog2(nil, 1000)
	for i, want := range map[int]float64{
		1: 0, 2: 1, 3: 1.584962500721156181453738943947816508759,
		10: 3.321928094887362347870319429489390175864, 512: 9, 1000: 9.965784284662087043610958288468170527594,
	} {
		if table[i] != want {
			t.Errorf("log2(%d) is %v, want %v", i, table[i], want)
		}
	}
	if longer := growLog2(table, 1001); !slices.Equal(longer[:1001], growLog2(nil, 1000)[:1001]) {
		t.Error("growing changes the table")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"nDCG@10", "ndcg_cut_10", "P", "@", "_1", "\x00.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if m, err := Parse(s); err == nil {
			if again, err := Parse(m.String()); err != nil || again != m {
				t.Errorf("%q is %v, read back as %v, %v", hex.EncodeToString([]byte(s)), m, again, err)
			}
		}
	})
}

// BenchmarkAdd evaluates a query with 1000 hits, as a run on mMARCO has 6980.
func BenchmarkAdd(b *testing.B) {
	hits, judged := make([]Hit, 1000), map[string]int32{}
	for i := range hits {
		hits[i] = Hit{hex.EncodeToString([]byte{byte(i), byte(i >> 8), 7}), float64(i * 7919 % 1000)}
	}
	judged[hits[3].Document] = 1
	measures := []Measure{{Name: NDCG, Cutoff: 10}, {Name: AP}, {Name: RR, Cutoff: 10}, {Name: R, Cutoff: 100}}
	e := New(measures, Options{})
	scratch := make([]Hit, len(hits))
	for b.Loop() {
		copy(scratch, hits)
		if _, err := e.Add("q", scratch, judged); err != nil {
			b.Fatal(err)
		}
	}
}
