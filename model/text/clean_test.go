package text

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// golden are texts that Python has cleaned and measured; testdata/make_golden.py makes them.
type golden struct {
	Cleaned []struct {
		Text, Form, Want string
		Control, Space   bool
	}
	Shares []struct {
		Text, Language string
		Want           float64
	}
}

func readGolden(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/clean.json")
	var g golden
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil || len(g.Cleaned) < 100 || len(g.Shares) < 100 {
		t.Fatalf("%d and %d cases, %v", len(g.Cleaned), len(g.Shares), err)
	}
	return g
}

// TestClean compares with Python's unicodedata.
func TestClean(t *testing.T) {
	for _, c := range readGolden(t).Cleaned {
		cleaner := Cleaner{Form: c.Form, RemoveControl: c.Control, CollapseSpace: c.Space}
		if got := cleaner.Clean(c.Text); got != c.Want {
			t.Errorf("%+v makes %+q of %+q, want %+q", cleaner, got, c.Text, c.Want)
		}
	}
}

// TestCleanTwice cleans random characters twice: the second time changes nothing.
func TestCleanTwice(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 1))
	for range 20_000 {
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteRune(rune(random.IntN(0x3100)))
		}
		cleaner := Cleaner{Form: []string{"", "nfc", "nfkc"}[random.IntN(3)], RemoveControl: random.IntN(2) == 0, CollapseSpace: random.IntN(2) == 0}
		once := cleaner.Clean(b.String())
		if twice := cleaner.Clean(once); twice != once {
			t.Fatalf("%+v: %+q, then %+q, then %+q", cleaner, b.String(), once, twice)
		}
	}
}

// TestShare compares with the names that Unicode gives to letters, which begin with their script's.
func TestShare(t *testing.T) {
	for _, c := range readGolden(t).Shares {
		if got := ScriptOf(c.Language).Share(c.Text); got != c.Want {
			t.Errorf("%s: %q has a share of %v, want %v", c.Language, c.Text, got, c.Want)
		}
	}
	for _, code := range []string{"", "und", "xx", "not a code", "mul"} {
		if ScriptOf(code) != nil {
			t.Errorf("%q has a script", code)
		}
	}
}

// TestRealScripts looks at real utterances: each is in its language's script and not in another's.
func TestRealScripts(t *testing.T) {
	data := os.Getenv("FERRY_DATA")
	if data == "" {
		data = "../../../shared/data"
	}
	for language, other := range map[string]string{"en": "th", "de": "hi", "es": "ru", "fr": "ja", "hi": "en", "th": "en"} {
		lines, err := os.ReadFile(filepath.Join(data, "mtop", language, "eval.txt"))
		if err != nil {
			t.Skipf("FERRY_DATA names no folder with MTOP: %v", err)
		}
		own, foreign, all := 0, 0, 0
		for line := range strings.Lines(string(lines)) {
			text := strings.Split(line, "\t")[3]
			all++
			if ScriptOf(language).Share(text) >= 0.5 {
				own++
			}
			if ScriptOf(other).Share(text) >= 0.5 {
				foreign++
			}
		}
		t.Logf("%s: of %d utterances %d are in its script, %d in that of %s", language, all, own, foreign, other)
		if own*100 < all*97 || foreign*100 > all*3 {
			t.Errorf("%s: of %d utterances %d are in its script, %d in that of %s", language, all, own, foreign, other)
		}
	}
}

// TestReason refuses what a filter is set to, and no more, at its very bounds.
func TestReason(t *testing.T) {
	latin := ScriptOf("sw")
	for _, c := range []struct {
		filter Filter
		sides  []Side
		want   string
	}{
		{Filter{}, []Side{{Text: ""}}, "empty"},
		{Filter{}, []Side{{Text: "a", Script: latin}, {Text: ""}}, "empty"},
		{Filter{}, []Side{{Text: "день", Script: latin}, {Text: strings.Repeat("a", 1000), Script: latin}}, ""},
		{Filter{MinCharacters: 4}, []Side{{Text: "день"}}, ""},
		{Filter{MinCharacters: 5}, []Side{{Text: "день"}}, "too_short"},
		{Filter{MaxCharacters: 4}, []Side{{Text: "день"}}, ""},
		{Filter{MaxCharacters: 3}, []Side{{Text: "a"}, {Text: "день"}}, "too_long"},
		{Filter{MaxRatio: 2}, []Side{{Text: "день"}, {Text: "ab"}}, ""},
		{Filter{MaxRatio: 1.9}, []Side{{Text: "ab"}, {Text: "день"}}, "length_ratio"},
		{Filter{MinScript: 0.5}, []Side{{Text: "де ab", Script: latin}}, ""},
		{Filter{MinScript: 0.51}, []Side{{Text: "noon", Script: latin}, {Text: "де ab", Script: latin}}, "wrong_script"},
		{Filter{MinScript: 1}, []Side{{Text: "12:00", Script: latin}, {Text: "день"}}, ""},
	} {
		if got := c.filter.Reason(c.sides...); got != c.want {
			t.Errorf("%+v of %v says %q, want %q", c.filter, c.sides, got, c.want)
		}
	}
}
