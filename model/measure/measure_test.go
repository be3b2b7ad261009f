package measure

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for s, want := range map[string]string{
		"nDCG@10": "nDCG@10", "ndcg@10": "nDCG@10", "ndcg_cut_10": "nDCG@10", "ndcg_cut.5": "nDCG@5", "NDCG": "nDCG",
		"AP": "AP", "map": "AP", "map_cut_100": "AP@100", "MAP@100": "AP@100",
		"RR": "RR", "mrr@10": "RR@10", "recip_rank": "RR",
		"R@100": "R@100", "recall_100": "R@100", "r@5": "R@5",
		"P_5": "P@5", "p@1": "P@1", "Success@5": "success@5", "success_1": "success@1", " hit@3 ": "success@3",
	} {
		m, err := Parse(s)
		if err != nil {
			t.Errorf("%q: %v", s, err)
		} else if m.String() != want {
			t.Errorf("%q is %s, want %s", s, m, want)
		}
		if again, err := Parse(m.String()); err != nil || again != m {
			t.Errorf("%s is read back as %v, %v", m, again, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for s, want := range map[string]string{
		"nDGC@10":                `did you mean "nDCG@10"?`,
		"ndcgcut@5":              `did you mean "nDCG@5"?`,
		"succes@1":               `did you mean "success@1"?`,
		"precison":               `did you mean "P@10"?`,
		"recal.20":               `did you mean "R@20"?`,
		"maps":                   `did you mean "AP"?`,
		"":                       "unknown measure",
		"P":                      "P needs a cutoff, as in P@10",
		"nDCG@0":                 `the cutoff "0" is not a whole number above 0`,
		"nDCG@":                  `the cutoff "" is not`,
		"nDCG@-1":                `the cutoff "-1" is not`,
		"nDCG@+1":                `the cutoff "+1" is not`,
		"nDCG@1@2":               `the cutoff "1@2" is not`,
		"P_99999999999999999999": "is not a whole number above 0",
	} {
		if m, err := Parse(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, %v; want an error with %q", s, m, err, want)
		}
	}
}
