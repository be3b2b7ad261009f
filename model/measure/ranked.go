package measure

import "slices"

// ranked is a query's result without its names: all that measures look at.
// The sums below are in trec_eval's order, since that decides the last bit.
type ranked struct {
	grades   []int32 // (hits) in rank order; 0 for unjudged ones, below 0 as judged
	ideal    []int32 // (relevant) the positive grades of all judged documents, greatest first
	level    int32   // the smallest grade that counts as relevant, above 0
	relevant int     // judged documents of at least that grade
	log2     []float64
}

// rank fills r from hits in rank order and the query's judgments, reusing its
// slices.
func (r *ranked) rank(hits []Hit, judged map[string]int32) {
	r.grades, r.ideal, r.relevant = r.grades[:0], r.ideal[:0], 0
	for _, h := range hits {
		r.grades = append(r.grades, judged[h.Document])
	}
	for _, grade := range judged { // in any order: counted and sorted below
		if grade > 0 {
			r.ideal = append(r.ideal, grade)
		}
		if grade >= r.level {
			r.relevant++
		}
	}
	slices.SortFunc(r.ideal, func(a, b int32) int { return int(b) - int(a) })
	r.log2 = growLog2(r.log2, 1+max(len(hits), len(r.ideal)))
}

// first returns the grades of the first cutoff hits, of all where it is 0.
func first(grades []int32, cutoff int) []int32 {
	if cutoff == 0 || cutoff > len(grades) {
		return grades
	}
	return grades[:cutoff]
}

// gain is the sum of grade / log2(rank+1) (Järvelin and Kekäläinen 2002).
func (r ranked) gain(grades []int32) float64 {
	sum := 0.0
	for i, grade := range grades {
		if grade > 0 {
			sum += float64(grade) / r.log2[i+2]
		}
	}
	return sum
}

func (r ranked) ndcg(cutoff int) float64 {
	ideal := r.gain(first(r.ideal, cutoff))
	if ideal == 0 {
		return 0
	}
	return r.gain(first(r.grades, cutoff)) / ideal
}

func (r ranked) averagePrecision(cutoff int) float64 {
	found, sum := 0, 0.0
	for i, grade := range first(r.grades, cutoff) {
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

func (r ranked) reciprocalRank(cutoff int) float64 {
	for i, grade := range first(r.grades, cutoff) {
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

func (r ranked) recall(cutoff int) float64 {
	if r.relevant == 0 {
		return 0
	}
	return float64(r.found(cutoff)) / float64(r.relevant)
}

// precision counts missing hits as not relevant.
func (r ranked) precision(cutoff int) float64 {
	return float64(r.found(cutoff)) / float64(cutoff)
}

func (r ranked) success(cutoff int) float64 {
	return float64(min(1, r.found(cutoff)))
}
