package measure

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Measure names what is measured and, where it looks at the first hits
// only, at how many. Its usual spelling is Name, or Name@Cutoff, or with a
// parameter Name(p=0.5).
type Measure struct {
	// Name is one of Names.
	Name string
	// Cutoff is the number of hits that count, 0 for all of them.
	Cutoff int
	// Parameter is RBP's persistence p or ERR's highest grade max; 0 for others.
	Parameter float64
}

// The names of the measures, as ferry writes them.
const (
	NDCG    = "nDCG"     // normalised discounted cumulative gain, of the grade
	NDCGExp = "nDCG_exp" // the same, of 2^grade - 1
	AP      = "AP"       // average precision
	RR      = "RR"       // reciprocal rank of the first relevant hit
	R       = "R"        // recall: share of the relevant documents among the first hits
	P       = "P"        // precision: share of the first hits that are relevant
	Success = "success"  // 1 where a relevant document is among the first hits
	RPrec   = "Rprec"    // precision at as many hits as documents are relevant
	BPref   = "bpref"    // how seldom judged non-relevant documents stand before relevant ones
	ERR     = "ERR"      // expected reciprocal rank at which a reader who goes down the list stops
	RBP     = "RBP"      // rank-biased precision: what a reader gains who goes on with probability p
	Judged  = "Judged"   // share of the first hits that are judged
	SetP    = "set_P"    // precision of all hits
	SetR    = "set_R"    // recall of all hits
	SetF    = "set_F"    // harmonic mean of the two
	SetAP   = "set_AP"   // product of the two
)

// A cut says whether a measure has a cutoff.
type cut int

const (
	mayBeCut cut = iota
	mustBeCut
	neverCut
)

// kinds is the table of measures: the name, how trec_eval and others spell it,
// whether it stands with a cutoff, the name of its parameter with the value
// that it has where none is given, and how a query's value is computed.
var kinds = []struct {
	name      string
	aliases   []string
	cut       cut
	parameter string
	otherwise float64
	evaluate  func(ranked, Measure) float64
}{
	{NDCG, []string{"ndcg_cut"}, mayBeCut, "", 0, ranked.ndcg},
	{NDCGExp, nil, mayBeCut, "", 0, ranked.ndcgExp},
	{AP, []string{"map", "map_cut"}, mayBeCut, "", 0, ranked.averagePrecision},
	{RR, []string{"mrr", "recip_rank"}, mayBeCut, "", 0, ranked.reciprocalRank},
	{R, []string{"recall"}, mustBeCut, "", 0, ranked.recall},
	{P, []string{"precision"}, mustBeCut, "", 0, ranked.precision},
	{Success, []string{"hit"}, mustBeCut, "", 0, ranked.success},
	{RPrec, []string{"r-prec"}, neverCut, "", 0, ranked.rPrecision},
	{BPref, nil, neverCut, "", 0, ranked.bpref},
	{ERR, nil, mayBeCut, "max", 4, ranked.expectedReciprocalRank},
	{RBP, nil, mayBeCut, "p", 0.9, ranked.rankBiasedPrecision},
	{Judged, nil, mustBeCut, "", 0, ranked.judged},
	{SetP, nil, neverCut, "", 0, ranked.setPrecision},
	{SetR, []string{"set_recall"}, neverCut, "", 0, ranked.setRecall},
	{SetF, nil, neverCut, "", 0, ranked.setF},
	{SetAP, []string{"set_map"}, neverCut, "", 0, ranked.setAveragePrecision},
}

// Names returns the names of all measures. R, P, success and Judged need a
// cutoff.
func Names() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// String returns the usual spelling, such as nDCG@10, AP or RBP(p=0.5).
func (m Measure) String() string {
	s := m.Name
	for _, k := range kinds {
		if k.name == m.Name && m.Parameter != k.otherwise {
			s += "(" + k.parameter + "=" + strconv.FormatFloat(m.Parameter, 'g', -1, 64) + ")"
		}
	}
	if m.Cutoff == 0 {
		return s
	}
	return s + "@" + strconv.Itoa(m.Cutoff)
}

// Parse reads a measure such as nDCG@10, AP, R@100 or RBP(p=0.5), in any case,
// and the spellings of trec_eval (ndcg_cut_10, map, recip_rank, recall.100). The
// error for an unknown name suggests the nearest known one.
func Parse(s string) (Measure, error) {
	name, parameter, cutoff, err := splitMeasure(strings.TrimSpace(s))
	if err != nil {
		return Measure{}, fmt.Errorf("parsing measure %q: %w", s, err)
	}
	for i, k := range kinds {
		if !spells(i, name) {
			continue
		}
		if cutoff == 0 && k.cut == mustBeCut {
			return Measure{}, fmt.Errorf("parsing measure %q: %s needs a cutoff, as in %s@10", s, k.name, k.name)
		}
		if cutoff != 0 && k.cut == neverCut {
			return Measure{}, fmt.Errorf("parsing measure %q: %s looks at all hits and has no cutoff", s, k.name)
		}
		m := Measure{Name: k.name, Cutoff: cutoff, Parameter: k.otherwise}
		if parameter != "" {
			if m.Parameter, err = parseParameter(k.name, k.parameter, k.otherwise, parameter); err != nil {
				return Measure{}, fmt.Errorf("parsing measure %q: %w", s, err)
			}
		}
		return m, nil
	}
	return Measure{}, fmt.Errorf("parsing measure %q: unknown measure; did you mean %q?", s, nearest(name, cutoff))
}

// parseParameter reads what stands between the parentheses, such as p=0.5.
func parseParameter(measure, name string, otherwise float64, s string) (float64, error) {
	if name == "" {
		return 0, fmt.Errorf("%s has no parameter", measure)
	}
	key, value, _ := strings.Cut(s, "=")
	x, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	switch {
	case !strings.EqualFold(strings.TrimSpace(key), name) || err != nil:
		return 0, fmt.Errorf("the parameter of %s is written as in %s(%s=%v)", measure, measure, name, otherwise)
	case measure == RBP && !(x > 0 && x < 1):
		return 0, fmt.Errorf("p is %v, and must be between 0 and 1", x)
	case measure == ERR && !(x >= 1 && x <= 30 && x == math.Trunc(x)):
		return 0, fmt.Errorf("max is %v, and must be a whole number from 1 to 30, the highest grade there is", x)
	}
	return x, nil
}

// splitMeasure takes the parameter out of s and the cutoff off its end.
func splitMeasure(s string) (name, parameter string, cutoff int, err error) {
	before, rest, found := strings.Cut(s, "(")
	if !found {
		name, cutoff, err = splitCutoff(s)
		return name, "", cutoff, err
	}
	parameter, after, closed := strings.Cut(rest, ")")
	if !closed || parameter == "" {
		return "", "", 0, errors.New("the parentheses do not hold a parameter, as in RBP(p=0.5)")
	}
	name, cutoff, err = splitCutoff(before + after)
	return name, parameter, cutoff, err
}

// spells reports whether name is kind i's name or one of its aliases.
func spells(i int, name string) bool {
	for _, known := range spellings(i) {
		if strings.EqualFold(known, name) {
			return true
		}
	}
	return false
}

func spellings(i int) []string {
	return append([]string{kinds[i].name}, kinds[i].aliases...)
}

// splitCutoff takes the cutoff from the end of s: after "@", or digits after
// trec_eval's "_" or ".". It returns 0 where there is none.
func splitCutoff(s string) (name string, cutoff int, err error) {
	name, digits, found := strings.Cut(s, "@")
	if !found {
		end := strings.LastIndexAny(s, "_.")
		if end < 0 || strings.Trim(s[end+1:], "0123456789") != "" {
			return s, 0, nil
		}
		name, digits = s[:end], s[end+1:]
	}
	cutoff, err = strconv.Atoi(digits)
	if err != nil || cutoff < 1 || digits[0] == '+' {
		return "", 0, fmt.Errorf("the cutoff %q is not a whole number above 0", digits)
	}
	return name, cutoff, nil
}
