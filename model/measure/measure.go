package measure

import (
	"fmt"
	"strconv"
	"strings"
)

// A Measure names what is measured and, where it looks at the first hits
// only, at how many. Its usual spelling is Name, or Name@Cutoff.
type Measure struct {
	// Name is one of Names.
	Name string
	// Cutoff is the number of hits that count, 0 for all of them.
	Cutoff int
}

// The names of the measures, as ferry writes them.
const (
	NDCG    = "nDCG"    // normalised discounted cumulative gain
	AP      = "AP"      // average precision
	RR      = "RR"      // reciprocal rank of the first relevant hit
	R       = "R"       // recall: share of the relevant documents among the first hits
	P       = "P"       // precision: share of the first hits that are relevant
	Success = "success" // 1 where a relevant document is among the first hits
)

// kinds is the table of measures: the name, how trec_eval and others spell it,
// whether it may stand without a cutoff, and how a query's value is computed.
var kinds = []struct {
	name     string
	aliases  []string
	uncut    bool
	evaluate func(ranked, int) float64
}{
	{NDCG, []string{"ndcg_cut"}, true, ranked.ndcg},
	{AP, []string{"map", "map_cut"}, true, ranked.averagePrecision},
	{RR, []string{"mrr", "recip_rank"}, true, ranked.reciprocalRank},
	{R, []string{"recall"}, false, ranked.recall},
	{P, []string{"precision"}, false, ranked.precision},
	{Success, []string{"hit"}, false, ranked.success},
}

// Names returns the names of all measures. R, P and success need a cutoff.
func Names() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// String returns the usual spelling, such as nDCG@10 or AP.
func (m Measure) String() string {
	if m.Cutoff == 0 {
		return m.Name
	}
	return m.Name + "@" + strconv.Itoa(m.Cutoff)
}

// Parse reads a measure such as nDCG@10, AP or R@100, in any case, and the
// spellings of trec_eval (ndcg_cut_10, map, recip_rank, recall.100). The error
// for an unknown name suggests the nearest known one.
func Parse(s string) (Measure, error) {
	name, cutoff, err := splitCutoff(strings.TrimSpace(s))
	if err != nil {
		return Measure{}, fmt.Errorf("parsing measure %q: %w", s, err)
	}
	for i, k := range kinds {
		if !spells(i, name) {
			continue
		}
		if cutoff == 0 && !k.uncut {
			return Measure{}, fmt.Errorf("parsing measure %q: %s needs a cutoff, as in %s@10", s, k.name, k.name)
		}
		return Measure{Name: k.name, Cutoff: cutoff}, nil
	}
	return Measure{}, fmt.Errorf("parsing measure %q: unknown measure; did you mean %q?", s, nearest(name, cutoff))
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
