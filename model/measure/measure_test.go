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
		"iprec_at_recall_0.10": "IPrec@0.1", "iprec@1": "IPrec@1", "Rprec_mult_0.20": "Rprec_mult@0.2", "rprec_mult.5.00": "Rprec_mult@5",
		"11pt_avg": "11pt_avg", "set_f(beta=0.5)": "set_F(beta=0.5)", "R_cap@5": "relative_P@5", "gm_map": "gm_AP",
		"unj_5": "hole@5", "hole(sw)@10": "hole(sw)@10", "SHARE(zh-Hans)@10": "share(zh-Hans)@10", "relative_p_10": "relative_P@10",
		"relevant_share(sw)": "relevant_share(sw)",
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
		"10":                     "each cutoff needs a measure before it, as in nDCG@5,nDCG@10",
		"ndcg_cut.5,10":          "each cutoff needs a measure before it",
		"P@1,5,10":               "each cutoff needs a measure before it",
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
		"IPrec":                  "IPrec needs a cutoff, as in IPrec@0.1",
		"IPrec@1.5":              "recall is 1.5, and must be from 0 to 1",
		"IPrec@x":                `recall "x" is no number, as in IPrec@0.1`,
		"IPrec(recall=0.1)@0.1":  "IPrec has no parameter in parentheses",
		"Rprec_mult@0":           "multiple is 0, and must be above 0",
		"share@10":               "share needs a language, as in share(sw)@10",
		"relevant_share":         "relevant_share needs a language, as in relevant_share(sw)",
		"share(s w)@10":          "the parentheses hold no language, as in share(sw)@10",
		"hole(sw)":               "hole needs a cutoff, as in hole@10",
		"num_rel@10":             "num_rel looks at all hits and has no cutoff",
		"P_99999999999999999999": "is not a whole number above 0",
	} {
		if m, err := Parse(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, %v; want an error with %q", s, m, err, want)
		}
	}
}
