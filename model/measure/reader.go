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

// rPrecision is precision where the hits are as many as the relevant documents.
func (r ranked) rPrecision(Measure) float64 { return r.precisionAt(r.relevant) }

// rPrecisionMultiple is the same at a multiple of them, rounded up from a tenth.
func (r ranked) rPrecisionMultiple(m Measure) float64 {
	return r.precisionAt(int(m.Parameter*float64(r.relevant) + 0.9))
}

func (r ranked) precisionAt(cutoff int) float64 {
	if cutoff == 0 {
		return 0
	}
	return ratio(r.found(cutoff), cutoff)
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

// inferredAP is infAP (Yilmaz and Aslam 2006): documents of grade -1 are in the
// pool and were not judged, those without any are outside it.
func (r ranked) inferredAP(Measure) float64 {
	const epsilon = 0.00001 // smooths the share that is relevant
	value, relevant, pooled, irrelevant := 0.0, 0.0, 0.0, 0.0
	for i, grade := range r.grades {
		switch {
		case !r.isJudged[i]:
		case grade < 0:
			pooled++
		case grade < r.level:
			irrelevant++
		default:
			if above := float64(i); i == 0 {
				value++
			} else {
				value += 1/(above+1) + above/(above+1)*((relevant+irrelevant+pooled)/above)*((relevant+epsilon)/(relevant+irrelevant+2*epsilon))
			}
			relevant++
		}
	}
	if r.relevant == 0 {
		return 0
	}
	return value / float64(r.relevant)
}

// interpolatedPrecision is IPrec.
func (r ranked) interpolatedPrecision(m Measure) float64 {
	return r.highestPrecision(m.Parameter)
}

// elevenPoints adds from the highest recall down, as trec_eval does.
func (r ranked) elevenPoints(Measure) float64 {
	sum := 0.0
	for tenths := 10; tenths >= 0; tenths-- {
		sum += r.highestPrecision(float64(tenths) / 10)
	}
	return sum / 11
}

// highestPrecision is the highest precision at any rank where the recall is
// reached: where so many relevant documents are found, rounded as trec_eval 10
// does. Version 9, and with it pytrec_eval, rounds up from a tenth of one.
func (r ranked) highestPrecision(recall float64) float64 {
	reached := int(math.Round(recall * float64(r.relevant)))
	found, highest := 0, 0.0
	for i, grade := range r.grades {
		if grade >= r.level {
			found++
			if found >= reached {
				highest = max(highest, float64(found)/float64(i+1))
			}
		}
	}
	return highest
}

func (r ranked) setPrecision(Measure) float64 { return ratio(r.found(0), len(r.grades)) }
func (r ranked) setRecall(Measure) float64    { return ratio(r.found(0), r.relevant) }

func (r ranked) setRelativePrecision(Measure) float64 {
	return ratio(r.found(0), min(len(r.grades), r.relevant))
}

func (r ranked) setF(m Measure) float64 {
	p, recall, weight := r.setPrecision(m), r.setRecall(m), m.Parameter*m.Parameter
	if p+recall == 0 {
		return 0
	}
	return (weight + 1) * p * recall / (weight*p + recall)
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
