package measure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// allKinds is a measure or two of every kind.
func allKinds(t *testing.T) []Measure {
	t.Helper()
	measures := mustParse(t, "nDCG@2", "AP@2", "RR@2", "ERR@2", "RBP(p=0.5)@3", "hole(sw)@2", "IPrec@0.5", "Rprec_mult@0.4", "set_F(beta=2)")
	for i := range kinds {
		measures = append(measures, kinds[i].example())
	}
	for i := range measures {
		if measures[i].Cutoff == 10 {
			measures[i].Cutoff = 3 // of five hits
		}
	}
	return measures
}

// randomQuery is a query of five hits with few different scores, in two
// languages, and grades of some of them and of two other documents.
func randomQuery(random *rand.Rand) (hits []Hit, judged map[string]int32) {
	judged = map[string]int32{"en:x": int32(random.IntN(4)), "sw:y": int32(random.IntN(2))}
	for i := range 5 {
		document := fmt.Sprintf("%s:%d", []string{"en", "sw"}[random.IntN(2)], i)
		// Scores that tie as float32 alone are ties.
		hits = append(hits, Hit{document, float64(random.IntN(3)) + 1e-9*random.Float64()})
		if random.IntN(3) > 0 {
			judged[document] = int32(random.IntN(5)) - 1
		}
	}
	return hits, judged
}

// permute calls f with every order of the hits, from place i on.
func permute(hits []Hit, i int, f func()) {
	if i == len(hits) {
		f()
		return
	}
	for j := i; j < len(hits); j++ {
		hits[i], hits[j] = hits[j], hits[i]
		permute(hits, i+1, f)
		hits[i], hits[j] = hits[j], hits[i]
	}
}

// TestTies compares with the extremes over all orders of the hits in which no
// score is above the one before.
func TestTies(t *testing.T) {
	random, measures := rand.New(rand.NewPCG(1, 2)), allKinds(t)
	spread, unknown := make([]int, len(measures)), 0 // queries
	for range 300 {
		hits, judged := randomQuery(random)
		for _, level := range []int32{1, 2} {
			e := New(measures, Options{Level: level, Ties: true})
			if _, err := e.Add("q", hits, judged); err != nil {
				t.Fatal(err)
			}
			low, high := make([]float64, len(measures)), make([]float64, len(measures))
			for i := range measures {
				low[i], high[i] = math.Inf(1), math.Inf(-1)
			}
			r := ranked{level: level}
			permute(hits, 0, func() {
				for i := 1; i < len(hits); i++ {
					if float32(hits[i].Score) > float32(hits[i-1].Score) {
						return
					}
				}
				r.rank(hits, judged)
				for i, m := range measures {
					value := m.kind().evaluate(r, m)
					low[i], high[i] = min(low[i], value), max(high[i], value)
				}
			})
			for i, m := range measures {
				q := e.queries[0]
				if m.Name == InfAP && math.IsNaN(q.TieLow[i]) && math.IsNaN(q.TieHigh[i]) {
					unknown++
					continue
				}
				if math.Abs(q.TieLow[i]-low[i]) > 1e-15 || math.Abs(q.TieHigh[i]-high[i]) > 1e-15 {
					t.Fatalf("%s at level %d of %v judged %v is from %v to %v, want %v to %v", m, level, hits, judged, q.TieLow[i], q.TieHigh[i], low[i], high[i])
				}
				if q.TieLow[i] > q.Values[i] || q.TieHigh[i] < q.Values[i] {
					t.Errorf("%s is %v, outside %v to %v", m, q.Values[i], q.TieLow[i], q.TieHigh[i])
				}
				if q.TieLow[i] < q.TieHigh[i] {
					spread[i]++
				}
			}
		}
	}
	for i, m := range measures {
		ordered := m.kind().total != sum && m.Name != InfAP && m.Name != RelevantShare && m.Name[:min(4, len(m.Name))] != "set_"
		if ordered != (spread[i] > 10) {
			t.Errorf("%s differs over ties in %d queries", m, spread[i])
		}
	}
	if unknown == 0 || unknown == 600 {
		t.Errorf("infAP is unknown in %d queries", unknown)
	}
}

// TestTiesOfSummaries: means of extremes, and none without ties.
func TestTiesOfSummaries(t *testing.T) {
	e := New(mustParse(t, "RR"), Options{Ties: true})
	for query, hits := range map[string][]Hit{"tied": {{"a", 1}, {"b", 1}}, "apart": {{"a", 1}, {"b", 2}}, "absent": nil} {
		if _, err := e.Add(query, hits, map[string]int32{"a": 1}); err != nil {
			t.Fatal(err)
		}
	}
	summaries, err := e.Summaries(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	if s := summaries[0]; s.Mean != 1./3 || s.TieLow != 1./3 || s.TieHigh != 1.5/3 {
		t.Errorf("mean %v, from %v to %v", s.Mean, s.TieLow, s.TieHigh)
	}
}
