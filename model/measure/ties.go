package measure

import (
	"cmp"
	"math"
	"slices"
)

// ties returns from where to where in the ranking scores are equal as float32,
// for each two or more such hits.
func (r ranked) ties() (ties [][2]int) {
	for from := 0; from < len(r.hits); {
		to := from + 1
		for to < len(r.hits) && float32(r.hits[to].Score) == float32(r.hits[from].Score) {
			to++
		}
		if to > from+1 {
			ties = append(ties, [2]int{from, to})
		}
		from = to
	}
	return ties
}

// bounds returns, for each measure, its least and its greatest value over all
// orders of the hits that tie; not a number where they are not known. Whatever
// goes by grade has them where better documents stand last or first: to swap
// two neighbours so that the better one comes first never makes it less.
func (e *Evaluation) bounds(values []float64) (low, high []float64) {
	low, high = slices.Clone(values), slices.Clone(values)
	ties := e.ranked.ties()
	if len(ties) == 0 {
		return low, high
	}
	grade := func(i int) int { return int(e.ranked.grades[i]) }
	worst, best := e.ranked.reordered(ties, 1, grade), e.ranked.reordered(ties, -1, grade)
	for i, m := range e.measures {
		k := m.kind()
		last, first := worst, best
		if k.counts != nil {
			counted := func(i int) int {
				if k.counts(e.ranked, m, i) {
					return 1
				}
				return 0
			}
			last, first = e.ranked.reordered(ties, 1, counted), e.ranked.reordered(ties, -1, counted)
		}
		if k.unbounded {
			low[i], high[i] = math.NaN(), math.NaN()
			continue
		}
		low[i], high[i] = min(values[i], k.evaluate(last, m)), max(values[i], k.evaluate(first, m))
	}
	return low, high
}

// reordered is the ranking with the hits of each tie in the order of a key,
// times the direction.
func (r ranked) reordered(ties [][2]int, direction int, key func(i int) int) ranked {
	order := make([]int, len(r.hits))
	for i := range order {
		order[i] = i
	}
	for _, tie := range ties {
		slices.SortStableFunc(order[tie[0]:tie[1]], func(i, j int) int { return direction * cmp.Compare(key(i), key(j)) })
	}
	other := r
	other.hits, other.grades, other.isJudged = make([]Hit, len(order)), make([]int32, len(order)), make([]bool, len(order))
	for to, from := range order {
		other.hits[to], other.grades[to], other.isJudged[to] = r.hits[from], r.grades[from], r.isJudged[from]
	}
	return other
}
