package text

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shingles is the set that a sketch stands for.
func shingles(s string, n int) map[string]bool {
	characters := []rune(strings.Join(strings.Fields(strings.ToLower(s)), " "))
	set := map[string]bool{}
	for i := 0; i+n <= len(characters); i++ {
		set[string(characters[i:i+n])] = true
	}
	if len(set) == 0 && len(characters) > 0 {
		set[string(characters)] = true
	}
	return set
}

// jaccard counts what two sets have in common.
func jaccard(a, b map[string]bool) float64 {
	both := 0
	for s := range a {
		if b[s] {
			both++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}

func sketchOf(language, s string, n int) *Sketch {
	sketch := NewSketch()
	sketch.Add(Part{language, s}, n)
	return sketch
}

// edited replaces characters of s at random.
func edited(random *rand.Rand, s string, edits int) string {
	characters := []rune(s)
	for range edits {
		characters[random.IntN(len(characters))] = rune('a' + random.IntN(26))
	}
	return string(characters)
}

// realLines are utterances of MTOP in three languages.
func realLines(t *testing.T) []string {
	t.Helper()
	data := os.Getenv("FERRY_DATA")
	if data == "" {
		data = "../../../shared/data"
	}
	var lines []string
	for _, language := range []string{"en", "hi", "th"} {
		text, err := os.ReadFile(filepath.Join(data, "mtop", language, "eval.txt"))
		if err != nil {
			t.Skipf("FERRY_DATA names no folder with MTOP: %v", err)
		}
		for line := range strings.Lines(string(text)) {
			lines = append(lines, strings.Split(line, "\t")[3])
		}
	}
	return lines
}

// TestSketch estimates similarities of real lines without bias, with the deviation of 128 draws.
func TestSketch(t *testing.T) {
	const n = 3
	lines := realLines(t)
	sum, squares, pairs := 0.0, 0.0, 0.0
	for i := range lines {
		for _, j := range []int{i + 1, i + 2} {
			if j >= len(lines) {
				continue
			}
			a, b := lines[i], lines[i][:len(lines[i])/2]+" "+lines[j] // alike to all degrees
			want := jaccard(shingles(a, n), shingles(strings.ToValidUTF8(b, ""), n))
			same := 0.0
			x, y := sketchOf("en", a, n), sketchOf("en", strings.ToValidUTF8(b, ""), n)
			for k := range x {
				if x[k] == y[k] {
					same++
				}
			}
			if want > 0.05 && want < 0.95 {
				z := (same/sketchSize - want) / math.Sqrt(want*(1-want)/sketchSize)
				sum, squares, pairs = sum+z, squares+z*z, pairs+1
			}
		}
	}
	t.Logf("%v pairs: mean %.3f, variance %.3f of the standardised error", pairs, sum/pairs, squares/pairs)
	if pairs < 1000 || math.Abs(sum/pairs) > 0.15 || squares/pairs > 1.2 || squares/pairs < 0.8 {
		t.Errorf("%v pairs: mean %.3f, variance %.3f of the standardised error", pairs, sum/pairs, squares/pairs)
	}
}

// TestNearDuplicates compares with all similarities counted out. What is clearly more alike than the bound is found, what is
// clearly less is kept: four standard deviations lie between.
func TestNearDuplicates(t *testing.T) {
	const n = 3
	random := rand.New(rand.NewPCG(6, 3))
	var lines []string
	for i, line := range realLines(t) {
		for edits := range 4 * (1 - min(i%20, 1)) {
			lines = append(lines, edited(random, line, edits*edits))
		}
	}
	sets := make([]map[string]bool, len(lines))
	for i, s := range lines {
		sets[i] = shingles(s, n)
	}
	missed, clear := 0, 0
	for _, near := range []float64{0.5, 0.7, 0.8, 0.95} {
		margin := 4 * math.Sqrt(near*(1-near)/sketchSize)
		d := NewDuplicates(len(lines), near)
		var kept []int
		dropped := 0
		for i, s := range lines {
			reason, _ := d.Add(Digest(Part{"en", s}), sketchOf("en", s, n))
			most := 0.0
			for _, k := range kept {
				most = max(most, jaccard(sets[i], sets[k]))
			}
			switch {
			case reason == "":
				kept = append(kept, i)
			case most < near-margin:
				t.Errorf("near %v: %q is dropped, and has at most %.3f in common with those kept", near, s, most)
			}
			if reason != "" {
				dropped++
			}
			if most > near+margin || most == 1 {
				clear++
				if reason == "" {
					missed++
				}
			}
		}
		t.Logf("near %v: %d of %d dropped", near, dropped, len(lines))
	}
	if clear < 100 || float64(missed) > 0.03*float64(clear) {
		t.Errorf("%d of %d near duplicates missed", missed, clear)
	}
}

// TestWindow compares with a search through the last texts kept, for windows small and large.
func TestWindow(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 2))
	for _, window := range []int{1, 2, 7, 64, 1000} {
		for _, near := range []float64{0, 0.8, 1} {
			d := NewDuplicates(window, near)
			var kept []string
			counts := map[string]int{}
			for range 3000 {
				text := fmt.Sprintf("%s number %d", []string{"Utterance", "utterance"}[random.IntN(2)], random.IntN(200)*7919)
				last := kept[max(0, len(kept)-window):]
				want := ""
				switch {
				case slices.Contains(last, text):
					want = "duplicate"
				case near == 1 && slices.ContainsFunc(last, func(s string) bool { return strings.EqualFold(s, text) }):
					want = "near_duplicate"
				}
				got, _ := d.Add(Digest(Part{"en", text}), sketchOf("en", text, 5))
				if near != 0.8 && got != want || want == "duplicate" && got != want {
					t.Fatalf("window %d, near %v: %q is %q, want %q", window, near, text, got, want)
				}
				if got == "" {
					kept = append(kept, text)
				}
				counts[got]++
			}
			if len(d.digests) > window || len(d.seen) > window || d.near != nil && (len(d.near.short) > window || len(d.near.last[0]) > window) {
				t.Errorf("window %d: %d are remembered", window, len(d.seen))
			}
			if counts["duplicate"] == 0 || near == 1 && counts["near_duplicate"] == 0 {
				t.Errorf("window %d, near %v: %v", window, near, counts)
			}
		}
	}
}

// TestParts makes sure that languages, sides and where a side ends count.
func TestParts(t *testing.T) {
	all := [][]Part{
		{{"en", "noon"}}, {{"sw", "noon"}}, {{"en", "noo"}, {"", "n"}}, {{"en", "noo"}, {"n", ""}}, {{"en", "noon"}, {"sw", "adhuhuri"}},
		{{"sw", "adhuhuri"}, {"en", "noon"}}, {{"", ""}}, {}, {{"e", "nnoon"}},
	}
	for i, a := range all {
		for j, b := range all {
			if (Digest(a...) == Digest(b...)) != (i == j) {
				t.Errorf("%v and %v", a, b)
			}
		}
	}
	if *sketchOf("en", "the same words", 5) == *sketchOf("fr", "the same words", 5) {
		t.Error("the same shingles in another language are the same")
	}
}
