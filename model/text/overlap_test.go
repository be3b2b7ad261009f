package text

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestOverlap compares with all similarities counted out: the same texts are all found and no others, near ones as far as a
// sketch can tell.
func TestOverlap(t *testing.T) {
	const n, near = 3, 0.6
	random := rand.New(rand.NewPCG(6, 4))
	var list, others []string
	for i, line := range realLines(t) {
		if i%3 > 0 { // counting out takes its time
			continue
		}
		if line = Comparable(line); i%4 > 0 {
			list = append(list, line)
			others = append(others, edited(random, line, i%4-1))
		} else {
			others = append(others, line)
		}
	}
	list = append(list, list[:10]...) // some stand there twice
	o := NewOverlap(near)
	for _, s := range list {
		o.Add(Digest(Part{"", s}), sketchOf("", s, n))
	}
	same, most := make([]bool, len(list)), make([]float64, len(list))
	for _, s := range others {
		o.Find(Digest(Part{"", s}), sketchOf("", s, n), func(text int, similarity float64, exact bool) bool {
			same[text] = same[text] || exact
			most[text] = max(most[text], similarity)
			return true
		})
	}
	sets := make([]map[string]bool, len(others))
	for i, s := range others {
		sets[i] = shingles(s, n)
	}
	margin := 4 * math.Sqrt(near*(1-near)/sketchSize)
	clear, missed, exact, found, wrong := 0, 0, 0, 0, 0
	for i, s := range list {
		isSame, best := false, 0.0
		own := shingles(s, n)
		for j, other := range others {
			isSame = isSame || other == s
			best = max(best, jaccard(own, sets[j]))
		}
		if isSame != same[i] {
			t.Errorf("%q is found the same: %v", s, same[i])
		}
		if isSame {
			exact++
		}
		if most[i] > 0 {
			found++
			if best < near-margin {
				wrong++
			}
		}
		if best > near+margin && !isSame {
			clear++
			if most[i] == 0 {
				missed++
			}
		}
	}
	t.Logf("%d texts: %d the same, %d found; of %d clearly near %d missed; %d found that are clearly not near", len(list), exact, found, clear, missed, wrong)
	if exact < 100 || exact == len(list) || clear < 100 || float64(missed) > 0.03*float64(clear) || wrong > 0 {
		t.Errorf("of %d clearly near %d are missed, %d wrong", clear, missed, wrong)
	}
}

// TestComparable takes for the same what reads the same.
func TestComparable(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{" Set an  alarm!", "set an alarm"}, {"ﬁrst—\u00ADtrain", "first train"}, {"Ａ (b)", "a b"}, {"c++", "c++"}, {"?!", ""}, {"दोपहर की गाड़ी।", "दोपहर की गाड\u093cी"},
	} {
		if got := Comparable(c.text); got != c.want || Comparable(got) != got {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.want)
		}
	}
}

// TestOverlapEnds finds texts that are the same in order, as long as more are wanted.
func TestOverlapEnds(t *testing.T) {
	o := NewOverlap(0)
	o.Find(Digest(), nil, func(int, float64, bool) bool { t.Error("finds something in nothing"); return true })
	for _, s := range []string{"noon", "morning", "noon", "noon"} {
		o.Add(Digest(Part{"", s}), nil)
	}
	for wanted := 1; wanted <= 4; wanted++ {
		var found []int
		o.Find(Digest(Part{"", "noon"}), nil, func(text int, _ float64, same bool) bool {
			found = append(found, text)
			return same && len(found) < wanted
		})
		if want := []int{0, 2, 3}[:min(3, wanted)]; !slices.Equal(found, want) {
			t.Errorf("finds %v, want %v", found, want)
		}
	}
}
