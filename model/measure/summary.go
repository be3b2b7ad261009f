package measure

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// A Summary is a measure's mean over queries. Low and High are the ends of its
// 95 % bootstrap percentile interval.
type Summary struct {
	Measure         Measure
	Mean, Low, High float64
	Queries         int
}

// Summaries returns one summary a measure. The mean is summed in the order of
// the query ids, as trec_eval does. The interval (Efron 1979) draws the queries
// anew samples times, the same draw for every measure, and depends on the
// values and the seed alone; with samples 0 both its ends are the mean. It is
// an error if no query counts.
func (e *Evaluation) Summaries(samples int, seed uint64) ([]Summary, error) {
	queries, err := e.Queries()
	if err != nil {
		return nil, err
	}
	if len(queries) == 0 {
		return nil, fmt.Errorf("averaging over queries: none is left (%d have no judgments, %d no hits, %d nothing relevant)",
			e.Skipped.Unjudged, e.Skipped.Absent, e.Skipped.NothingRelevant)
	}
	summaries := make([]Summary, len(e.measures))
	values := make([]float64, len(queries))
	for i, m := range e.measures {
		for j, q := range queries {
			values[j] = q.Values[i]
		}
		mean := Mean(values)
		low, high := mean, mean
		if samples > 0 {
			low, high = Interval(values, samples, seed)
		}
		summaries[i] = Summary{m, mean, low, high, len(values)}
	}
	return summaries, nil
}

// Mean returns the sum of values, added in their order, over their number.
func Mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// Deviation returns the standard deviation of at least two values, with n-1.
func Deviation(values []float64) float64 {
	mean, squares := Mean(values), 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares / float64(len(values)-1))
}

// Interval returns the 2.5th and the 97.5th percentile of the means of samples
// bootstrap samples of values, of which there is at least one.
func Interval(values []float64, samples int, seed uint64) (low, high float64) {
	random := rand.NewPCG(seed, 0)
	means := make([]float64, samples)
	for i := range means {
		sum := 0.0
		for range values {
			drawn, _ := bits.Mul64(random.Uint64(), uint64(len(values)))
			sum += values[drawn]
		}
		means[i] = sum / float64(len(values))
	}
	slices.Sort(means)
	return percentile(means, 0.025), percentile(means, 0.975)
}

// percentile interpolates between the two nearest of the sorted values, as
// numpy's default does.
func percentile(sorted []float64, share float64) float64 {
	at := share * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}
