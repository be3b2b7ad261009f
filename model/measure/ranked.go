package measure

import (
	"math"
	"slices"
)

// ranked is a query's result: all that measures look at.
// The sums below are in trec_eval's order, since that decides the last bit.
type ranked struct {
	hits       []Hit // (hits) in rank order
	judgments  map[string]int32
	grades     []int32 // (hits) 0 for unjudged ones, below 0 as judged
	isJudged   []bool  // (hits)
	ideal      []int32 // (relevant) the positive grades of all judged documents, greatest first
	level      int32   // the smallest grade that counts as relevant, above 0
	relevant   int     // judged documents of at least that grade
	irrelevant int     // judged documents of a lower one, from 0
	log2       []float64
}

// rank fills r from hits in rank order and the query's judgments, reusing its
// slices.
func (r *ranked) rank(hits []Hit, judged map[string]int32) {
	r.hits, r.judgments = hits, judged
	r.grades, r.isJudged, r.ideal, r.relevant, r.irrelevant = r.grades[:0], r.isJudged[:0], r.ideal[:0], 0, 0
	for _, h := range hits {
		grade, ok := judged[h.Document]
		r.grades, r.isJudged = append(r.grades, grade), append(r.isJudged, ok)
	}
	for _, grade := range judged { // in any order: counted and sorted below
		if grade > 0 {
			r.ideal = append(r.ideal, grade)
		}
		if grade >= r.level {
			r.relevant++
		} else if grade >= 0 {
			r.irrelevant++
		}
	}
	slices.SortFunc(r.ideal, func(a, b int32) int { return int(b) - int(a) })
	r.log2 = growLog2(r.log2, 1+max(len(hits), len(r.ideal)))
}

// first returns the first cutoff of x, all where it is 0.
func first[T any](x []T, cutoff int) []T {
	if cutoff == 0 || cutoff > len(x) {
		return x
	}
	return x[:cutoff]
}

// linear and exponential are the gains of a grade above 0 (Järvelin and
// Kekäläinen 2002; Burges et al. 2005).
func linear(grade int32) float64      { return float64(grade) }
func exponential(grade int32) float64 { return math.Exp2(float64(grade)) - 1 }

// gain is the sum of gain / log2(rank+1).
func (r ranked) gain(grades []int32, of func(int32) float64) float64 {
	sum := 0.0
	for i, grade := range grades {
		if grade > 0 {
			sum += of(grade) / r.log2[i+2]
		}
	}
	return sum
}

func (r ranked) ndcg(m Measure) float64    { return r.normalised(m, linear) }
func (r ranked) ndcgExp(m Measure) float64 { return r.normalised(m, exponential) }

func (r ranked) normalised(m Measure, of func(int32) float64) float64 {
	ideal := r.gain(first(r.ideal, m.Cutoff), of)
	if ideal == 0 {
		return 0
	}
	return r.gain(first(r.grades, m.Cutoff), of) / ideal
}

func (r ranked) averagePrecision(m Measure) float64 {
	found, sum := 0, 0.0
	for i, grade := range first(r.grades, m.Cutoff) {
		if grade >= r.level {
			found++
			sum += float64(found) / float64(i+1)
		}
	}
	if found == 0 {
		return 0
	}
	return sum / float64(r.relevant)
}

func (r ranked) reciprocalRank(m Measure) float64 {
	for i, grade := range first(r.grades, m.Cutoff) {
		if grade >= r.level {
			return 1 / float64(i+1)
		}
	}
	return 0
}

// found counts the relevant documents among the first cutoff hits.
func (r ranked) found(cutoff int) int {
	n := 0
	for _, grade := range first(r.grades, cutoff) {
		if grade >= r.level {
			n++
		}
	}
	return n
}

func (r ranked) recall(m Measure) float64 {
	if r.relevant == 0 {
		return 0
	}
	return float64(r.found(m.Cutoff)) / float64(r.relevant)
}

// precision counts missing hits as not relevant.
func (r ranked) precision(m Measure) float64 {
	return float64(r.found(m.Cutoff)) / float64(m.Cutoff)
}

// relativePrecision is precision where missing relevant documents, beyond all
// that there are, do not count.
func (r ranked) relativePrecision(m Measure) float64 {
	return ratio(r.found(m.Cutoff), min(m.Cutoff, r.relevant))
}

func (r ranked) success(m Measure) float64 {
	return float64(min(1, r.found(m.Cutoff)))
}
