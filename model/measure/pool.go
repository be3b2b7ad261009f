package measure

// judgedAt, holeAt and inLanguageAt tell which hits judged, holes and share
// count.
func (r ranked) judgedAt(_ Measure, i int) bool     { return r.isJudged[i] }
func (r ranked) inLanguageAt(m Measure, i int) bool { return isIn(r.hits[i].Document, m.Language) }

// holeAt is trec_eval's unj: documents judged below 0 are in the pool, and
// were not judged.
func (r ranked) holeAt(m Measure, i int) bool {
	return (!r.isJudged[i] || r.grades[i] < 0) && isIn(r.hits[i].Document, m.Language)
}

// isIn tells whether a document is in a language, which stands before its id;
// all are in the empty one.
func isIn(document, language string) bool {
	n := len(language)
	return n == 0 || len(document) > n && document[n] == ':' && document[:n] == language
}

// count is the number of the first hits that the measure counts, and that of
// those hits.
func (r ranked) count(m Measure, counts func(ranked, Measure, int) bool) (counted, of int) {
	of = len(first(r.hits, m.Cutoff))
	for i := range of {
		if counts(r, m, i) {
			counted++
		}
	}
	return counted, of
}

// judged is a share of the first hits, of which there may be fewer than the
// cutoff; holes and share are over the cutoff, so that those of all languages
// add up to that of any.
func (r ranked) judged(m Measure) float64 { return ratio(r.count(m, ranked.judgedAt)) }

func (r ranked) holes(m Measure) float64 {
	holes, _ := r.count(m, ranked.holeAt)
	return ratio(holes, m.Cutoff)
}

func (r ranked) share(m Measure) float64 {
	inside, _ := r.count(m, ranked.inLanguageAt)
	return ratio(inside, m.Cutoff)
}

func (r ranked) relevantShare(m Measure) float64 {
	inside := 0
	for document, grade := range r.judgments { // in any order: counted
		if grade >= r.level && isIn(document, m.Language) {
			inside++
		}
	}
	return ratio(inside, r.relevant)
}

// irrelevantFound is num_nonrel_judged_ret.
func (r ranked) irrelevantFound(Measure) float64 {
	n := 0
	for i, grade := range r.grades {
		if r.isJudged[i] && grade >= 0 && grade < r.level {
			n++
		}
	}
	return float64(n)
}
