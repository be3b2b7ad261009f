package measure

import (
	"math"
	"testing"
)

// TestFormulas compares with the formulas worked out for three hits of grades 3, none and 1, among judgments of 3, 1, 1
// and 0.
func TestFormulas(t *testing.T) {
	hits := []Hit{{"a", 3}, {"b", 2}, {"c", 1}}
	judged := map[string]int32{"a": 3, "c": 1, "d": 1, "e": 0}
	for s, want := range map[string]float64{
		"nDCG_exp":     (7 + 0.5) / (7 + 1/math.Log2(3) + 0.5),
		"nDCG_exp@2":   7 / (7 + 1/math.Log2(3)),
		"ERR":          7./16 + 9./16*1/16/3,
		"ERR@2":        7. / 16,
		"ERR(max=3)":   7./8 + 1./8*1/8/3,
		"ERR(max=1)@1": 1. / 2,
		"RBP(p=0.5)":   0.5 + 0.125/3,
		"RBP(p=0.5)@1": 0.5,
		"Judged@2":     1. / 2,
		"Judged@10":    2. / 3,
		"Rprec":        2. / 3,
		"set_P":        2. / 3,
		"set_R":        2. / 3,
		"set_F":        2. / 3,
		"set_AP":       4. / 9,
		"bpref":        2. / 3,
	} {
		m, err := Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if m.String() != s {
			t.Errorf("%s is written %s", s, m)
		}
		values, err := New([]Measure{m}, Options{}).Add("q", hits, judged)
		if err != nil || math.Abs(values[0]-want) > 1e-15 {
			t.Errorf("%s is %v, want %v, %v", s, values, want, err)
		}
		if values, _ := New([]Measure{m}, Options{}).Add("q", nil, judged); values[0] != 0 {
			t.Errorf("%s of no hits is %v", s, values[0])
		}
	}
}
