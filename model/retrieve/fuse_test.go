package retrieve

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestFuse compares with ranx; testdata/make_fusions.py wrote the file.
func TestFuse(t *testing.T) {
	data, err := os.ReadFile("testdata/fusions.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden []struct {
		Lists     [][][2]any
		RRF, WSum map[string]float64
	}
	if err := json.Unmarshal(data, &golden); err != nil || len(golden) == 0 {
		t.Fatal(err)
	}
	for _, g := range golden {
		var lists [][]Hit
		for _, list := range g.Lists {
			var hits []Hit
			for _, h := range list {
				hits = append(hits, Hit{Document{"en", h[0].(string)}, float32(h[1].(float64))})
			}
			lists = append(lists, hits)
		}
		compare := func(name string, got []Hit, want map[string]float64) {
			t.Helper()
			if len(got) != len(want) {
				t.Errorf("%s has %d hits, want %d", name, len(got), len(want))
			}
			for i, h := range got {
				if math.Abs(float64(h.Score)-want[h.ID]) > 1e-7 || i > 0 && h.before(got[i-1]) {
					t.Errorf("%s: hit %d is %v, want %v", name, i, h, want[h.ID])
				}
			}
		}
		compare("rrf", FuseRanks(lists, []float64{1, 1, 1}, 60, 100), g.RRF)
		compare("wsum", FuseScores(lists, []float64{0.5, 0.3, 0.2}, 100), g.WSum)
		if top := FuseRanks(lists, []float64{1, 1, 1}, 60, 2); len(top) > 2 {
			t.Errorf("the best 2 are %d", len(top))
		}
	}
}
