package measure

import (
	"slices"
	"testing"
)

// TestPool has values that were counted by hand; those of any language that
// trec_eval has are in its golden files (unj).
func TestPool(t *testing.T) {
	hits := []Hit{{"en:a", 9}, {"en:b", 8}, {"sw:a", 7}, {"swa:c", 6}, {"sw:d", 5}, {"sw", 4}}
	judged := map[string]int32{"en:a": 1, "sw:a": 2, "sw:d": -1, "sw:x": 1, "swa:c": 0, "th:y": 1}
	for name, want := range map[string]float64{
		"share(en)@4": 0.5, "share(sw)@4": 0.25, "share(sw)@10": 0.2, "share(th)@4": 0,
		"hole@5": 0.4, "hole(en)@5": 0.2, "hole(sw)@5": 0.2, "hole(swa)@5": 0, "hole@10": 0.3,
		"relevant_share(sw)": 0.5, "relevant_share(th)": 0.25, "relevant_share(fi)": 0,
		"Judged@10": 4. / 6, // by any grade, of the hits that there are
	} {
		got, err := New(mustParse(t, name), Options{}).Add("q", slices.Clone(hits), judged)
		if err != nil || got[0] != want {
			t.Errorf("%s is %v, %v; want %v", name, got, err, want)
		}
	}
}
