package measure

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// A Summary is a measure's mean over queries, or their sum or geometric mean
// where the measure has that. Low and High are the ends of its 95 % bootstrap
// percentile interval; TieLow and TieHigh are its extremes over ties, 0 without
// Options.Ties.
type Summary struct {
	Measure         Measure
	Mean, Low, High float64
	TieLow, TieHigh float64
	Queries         int
}

// Unsettled reports whether the mean moves by more than 0.1 points over ties.
func (s Summary) Unsettled() bool { return s.TieHigh-s.TieLow > 0.001 }

// Summaries returns one summary a measure. The mean is summed in the order of
// the query ids, as trec_eval does. The interval (Efron 1979) draws the queries
// anew samples times, the same draw for every measure, and depends on the
// values and the seed alone; with samples 0, and for what is not averaged, both
// its ends are the mean. It is an error if no query counts.
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
	column := func(of func(q Values) float64) []float64 {
		for j, q := range queries {
			values[j] = of(q)
		}
		return values
	}
	for i, m := range e.measures {
		s := Summary{Measure: m, Queries: len(queries)}
		if e.options.Ties {
			s.TieLow = m.total(column(func(q Values) float64 { return q.TieLow[i] }))
			s.TieHigh = m.total(column(func(q Values) float64 { return q.TieHigh[i] }))
		}
		s.Mean = m.total(column(func(q Values) float64 { return q.Values[i] }))
		s.Low, s.High = s.Mean, s.Mean
		if samples > 0 && m.Averaged() {
			s.Low, s.High = Interval(values, samples, seed)
		}
		summaries[i] = s
	}
	return summaries, nil
}

// total is the value over all queries.
func (m Measure) total(values []float64) float64 {
	switch m.kind().total {
	case sum:
		total := 0.0
		for _, v := range values {
			total += v
		}
		return total
	case geometricMean:
		const least = 0.00001 // a smaller value counts as this one, as in trec_eval
		total := 0.0
		for _, v := range values {
			total += math.Log(max(v, least))
		}
		return math.Exp(total / float64(len(values)))
	}
	return Mean(values)
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
