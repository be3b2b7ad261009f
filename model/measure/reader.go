package measure

import "math"

// expectedReciprocalRank is ERR (Chapelle et al. 2009): a reader goes down the
// list and stops at a document of grade g with probability (2^g - 1) / 2^max.
func (r ranked) expectedReciprocalRank(m Measure) float64 {
	sum, reads := 0.0, 1.0
	for i, grade := range first(r.grades, m.Cutoff) {
		if grade > 0 {
			stops := (math.Exp2(min(float64(grade), m.Parameter)) - 1) / math.Exp2(m.Parameter)
			sum += reads * stops / float64(i+1)
			reads *= 1 - stops
		}
	}
	return sum
}

// rankBiasedPrecision is RBP (Moffat and Zobel 2008) as trec_eval has it: a
// reader goes on from each document to the next with probability p, and gains
// its grade as a share of the query's highest. What comes after the last hit is
// taken to be irrelevant.
func (r ranked) rankBiasedPrecision(m Measure) float64 {
	sum, weight := 0.0, 1-m.Parameter
	for _, grade := range first(r.grades, m.Cutoff) {
		if grade > 0 {
			sum += weight * float64(grade) / float64(r.ideal[0])
		}
		weight *= m.Parameter
	}
	return sum
}

// judged counts the judged among the first hits, of which there may be fewer
// than the cutoff.
func (r ranked) judged(m Measure) float64 {
	hits := first(r.isJudged, m.Cutoff)
	n := 0
	for _, is := range hits {
		if is {
			n++
		}
	}
	return ratio(n, len(hits))
}

func (r ranked) rPrecision(Measure) float64 {
	if r.relevant == 0 {
		return 0
	}
	return ratio(r.found(r.relevant), r.relevant)
}

// bpref is Buckley and Voorhees's (2004) as trec_eval has it: documents
// judged below 0 count as unjudged.
func (r ranked) bpref(Measure) float64 {
	sum, irrelevant := 0.0, 0
	for i, grade := range r.grades {
		switch {
		case !r.isJudged[i] || grade < 0:
		case grade < r.level:
			irrelevant++
		case irrelevant == 0:
			sum++
		default:
			sum += 1 - ratio(min(irrelevant, r.relevant), min(r.irrelevant, r.relevant))
		}
	}
	if r.relevant == 0 {
		return 0
	}
	return sum / float64(r.relevant)
}

func (r ranked) setPrecision(Measure) float64 { return ratio(r.found(0), len(r.grades)) }
func (r ranked) setRecall(Measure) float64    { return ratio(r.found(0), r.relevant) }

func (r ranked) setF(m Measure) float64 {
	p, recall := r.setPrecision(m), r.setRecall(m)
	if p+recall == 0 {
		return 0
	}
	return 2 * p * recall / (p + recall)
}

func (r ranked) setAveragePrecision(Measure) float64 {
	return ratio(r.found(0)*r.found(0), len(r.grades)*r.relevant)
}

// ratio is n / of, 0 of none.
func ratio(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
