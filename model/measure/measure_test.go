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
		"Rprec": "Rprec", "R-prec": "Rprec", "BPREF": "bpref", "set_recall": "set_R", "set_map": "set_AP",
		"rbp": "RBP", "RBP(p=0.9)": "RBP", "rbp( P = 0.5)@20": "RBP(p=0.5)@20", "err@20": "ERR@20", "ERR(max=4)": "ERR", "judged@10": "Judged@10",
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
		"Rprec@10":               "Rprec looks at all hits and has no cutoff",
		"rprce@10":               `did you mean "Rprec"?`,
		"RBP(p=1)":               "p is 1, and must be between 0 and 1",
		"RBP(p=NaN)":             "p is NaN, and must be between 0 and 1",
		"RBP(q=0.5)":             "the parameter of RBP is written as in RBP(p=0.9)",
		"RBP(p)":                 "the parameter of RBP is written as in",
		"RBP(p=0.5":              "the parentheses do not hold a parameter",
		"RBP()":                  "the parentheses do not hold a parameter",
		"ERR(max=0.5)":           "max is 0.5, and must be a whole number from 1 to 30",
		"nDCG(p=0.5)@10":         "nDCG has no parameter",
		"P_99999999999999999999": "is not a whole number above 0",
	} {
		if m, err := Parse(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, %v; want an error with %q", s, m, err, want)
		}
	}
}
