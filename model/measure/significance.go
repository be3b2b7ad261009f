package measure

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// PermutationTest returns the two-sided p value of the paired permutation test (Fisher's randomisation test; Smucker, Allan
// and Carterette 2007): how often the sum of the differences is as far from 0 if each has a random sign. Where there are no
// more than samples ways to choose the signs, it goes through them all; else it draws samples of them and counts the observed
// one among them, so that p is never 0. The same differences, samples and seed give the same p.
func PermutationTest(differences []float64, samples int, seed uint64) float64 {
	var changed []float64 // a difference of 0 has no sign
	observed, size := 0.0, 0.0
	for _, d := range differences {
		if d != 0 {
			changed = append(changed, d)
			observed, size = observed+d, size+math.Abs(d)
		}
	}
	far := math.Abs(observed) - equalBelow*size // sums that are equal but for rounding count as equal
	signs := newSigns(changed)
	count := 0
	if n := len(changed); n < 31 && 1<<n <= samples {
		for way := range uint64(1) << n {
			if math.Abs(signs.sum(way)) >= far {
				count++
			}
		}
		return float64(count) / float64(uint64(1)<<n)
	}
	random := rand.NewPCG(seed, 0)
	for range samples {
		if math.Abs(signs.random(random)) >= far {
			count++
		}
	}
	return float64(count+1) / float64(samples+1)
}

// Permutations is the number of samples for each test of a family of so many: 40 times as many, where those are more, so that
// the smallest p value that there can be is half of 0.05 after correction.
func Permutations(samples, tests int) int { return max(samples, 40*tests) }

// signs holds, for each eight differences, their sum for each of the 256 ways to choose their signs: a sample then costs an
// addition for eight differences.
type signs [][256]float64

func newSigns(differences []float64) signs {
	var s signs
	for eight := range slices.Chunk(differences, 8) {
		var sums [256]float64
		for way := range sums {
			for i, d := range eight {
				if way>>i&1 == 1 {
					d = -d
				}
				sums[way] += d
			}
		}
		s = append(s, sums)
	}
	return s
}

// sum is the sum with the signs that the bits of way choose, of up to 64 differences.
func (s signs) sum(way uint64) (sum float64) {
	for i := range s {
		sum += s[i][byte(way>>(8*i))]
	}
	return sum
}

func (s signs) random(from *rand.PCG) (sum float64) {
	var bits uint64
	for i := range s {
		if i%8 == 0 {
			bits = from.Uint64()
		}
		sum += s[i][byte(bits)]
		bits >>= 8
	}
	return sum
}

// TTest returns the two-sided p value of Student's paired t-test: whether the differences, as if drawn from a normal
// distribution, have the mean 0. It is 1 where there are fewer than two, or all are 0.
func TTest(differences []float64) float64 {
	n, mean := float64(len(differences)), Mean(differences)
	if n < 2 || mean == 0 {
		return 1
	}
	t := mean / (Deviation(differences) / math.Sqrt(n))
	if math.IsInf(t, 0) { // they are all the same
		return 0
	}
	return mathext.RegIncBeta((n-1)/2, 0.5, (n-1)/(n-1+t*t))
}

// Effect is the effect size of paired differences, of which there are two or more: Cohen's d (1988), here their mean over their
// standard deviation. It is 0 where all are 0, and not a number where all are the same other one.
func Effect(differences []float64) float64 {
	mean, deviation := Mean(differences), Deviation(differences)
	switch {
	case mean == 0:
		return 0
	case len(differences) < 2 || deviation <= equalBelow*math.Abs(mean):
		return math.NaN()
	}
	return mean / deviation
}

// equalBelow is the difference below which values are equal but for rounding.
const equalBelow = 1e-12

// Outcomes counts the differences above, at and below 0.
func Outcomes(differences []float64) (wins, ties, losses int) {
	for _, d := range differences {
		switch {
		case d > equalBelow:
			wins++
		case d < -equalBelow:
			losses++
		default:
			ties++
		}
	}
	return wins, ties, losses
}

// Holm returns p values corrected for being a family (Holm 1979): to call those significant that are below a level makes it
// less likely than that level that one of them is so by chance, whatever they have to do with each other.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	corrected, least := make([]float64, len(p)), 0.0
	for rank, i := range order {
		least = max(least, min(1, float64(len(p)-rank)*p[i]))
		corrected[i] = least
	}
	return corrected
}
