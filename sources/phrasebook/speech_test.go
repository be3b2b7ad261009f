package phrasebook

import (
	"archive/zip"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var mtopSizes = map[string]int{"train": 600, "eval": 360, "test": 200} // within a tenth

func TestMTOPLayout(t *testing.T) {
	dir := writeCorpus(t, "mtop")
	for split, size := range mtopSizes {
		var english [][]string
		for _, l := range languages {
			path := filepath.Join(dir, l.code, split+".txt")
			rows := readColumns(t, path, 8)
			if len(rows) < size*9/10 || len(rows) > size*11/10 {
				t.Errorf("%s: %d rows, want about %d", path, len(rows), size)
			}
			if l.code == "en" {
				english = rows
			}
			for i, row := range rows {
				checkUtterance(t, fmt.Sprintf("%s:%d", path, i+1), l.code, row)
				if same := english[i]; row[0] != same[0] || row[1] != same[1] || row[4] != same[4] || skeleton(row[6]) != skeleton(same[6]) {
					t.Errorf("%s:%d: %q is not aligned with %q", path, i+1, row, same)
				}
			}
		}
	}
}

// checkUtterance checks one row of MTOP against itself: spans, brackets and tokens all say the same.
func checkUtterance(t *testing.T, place, code string, row []string) {
	t.Helper()
	text := []rune(row[3])
	checkScript(t, code, row[3])
	if len(row[0]) != 16 || row[5] != code+"_XX" {
		t.Errorf("%s: id %q, locale %q", place, row[0], row[5])
	}
	form := row[6]
	if !strings.HasPrefix(form, "["+row[1]+" ") || strings.Count(form, "[") != strings.Count(form, "]") {
		t.Errorf("%s: decoupled form %q", place, form)
	}
	slots := 0
	end := 0
	for _, slot := range strings.FieldsFunc(row[2], func(r rune) bool { return r == ',' }) {
		fields := strings.SplitN(slot, ":", 3)
		from, err1 := strconv.Atoi(fields[0])
		to, err2 := strconv.Atoi(fields[1])
		if err1 != nil || err2 != nil || from < end || to <= from || to > len(text) {
			t.Fatalf("%s: slot %q of %q", place, slot, row[3])
		}
		end = to
		slots++
		if want := "[" + fields[2] + " " + string(text[from:to]) + " ]"; !strings.Contains(form, want) {
			t.Errorf("%s: %q is not in %q", place, want, form)
		}
	}
	if n := strings.Count(form, "[SL:"); n != slots {
		t.Errorf("%s: %d slots in column 3, %d in column 7", place, slots, n)
	}
	checkTokens(t, place, row)
}

// checkTokens checks column 8 against column 4.
func checkTokens(t *testing.T, place string, row []string) {
	t.Helper()
	text := []rune(row[3])
	var tokens struct {
		Tokens []string
		Spans  []struct{ Start, Length int } `json:"tokenSpans"`
	}
	if err := json.Unmarshal([]byte(row[7]), &tokens); err != nil || len(tokens.Tokens) != len(tokens.Spans) {
		t.Fatalf("%s: tokens %q: %v", place, row[7], err)
	}
	for i, s := range tokens.Spans {
		if got := string(text[s.Start : s.Start+s.Length]); got != tokens.Tokens[i] {
			t.Errorf("%s: token %d is %q, its span %q", place, i, tokens.Tokens[i], got)
		}
	}
	if got := strings.Join(tokens.Tokens, ""); got != strings.ReplaceAll(row[3], " ", "") {
		t.Errorf("%s: tokens %q do not make %q", place, tokens.Tokens, row[3])
	}
}

// The published files pass the same checks of brackets and tokens as ours.
func TestPublishedMTOPPassesOurChecks(t *testing.T) {
	root := os.Getenv("FERRY_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	for _, code := range []string{"en", "de", "hi", "th"} {
		path := filepath.Join(root, "mtop", code, "eval.txt")
		if _, err := os.Stat(path); err != nil {
			t.Skipf("no published data: %v", err)
		}
		for i, row := range readColumns(t, path, 8) {
			if !strings.HasPrefix(row[6], "["+row[1]+" ") || strings.Count(row[6], "[") != strings.Count(row[6], "]") || row[5] != code+"_XX" {
				t.Errorf("%s:%d: %q", path, i+1, row)
			}
			checkTokens(t, fmt.Sprintf("%s:%d", path, i+1), row)
		}
	}
}

var words = regexp.MustCompile(`\[(IN|SL):[A-Z_]+|\]`)

func skeleton(form string) string { return strings.Join(words.FindAllString(form, -1), " ") }

// pairsIn reads the pairs of English and a language from the files of the bitext corpus.
func pairsIn(t *testing.T, dir, code string) [][2]string {
	t.Helper()
	name := filepath.Join(dir, "phrasebook.en-"+code)
	var pairs [][2]string
	switch code {
	case "de":
		for _, row := range readColumns(t, name+".tsv", 3) {
			pairs = append(pairs, [2]string{row[0], row[1]})
		}
	case "es":
		z, err := zip.OpenReader(name + ".tmx.zip")
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		f, err := z.Open("phrasebook.en-es.tmx")
		if err != nil {
			t.Fatal(err)
		}
		var content struct {
			Units []struct {
				ID       string `xml:"tuid,attr"`
				Variants []struct {
					Language string `xml:"lang,attr"`
					Text     string `xml:"seg"`
				} `xml:"tuv"`
			} `xml:"body>tu"`
		}
		if err := xml.NewDecoder(f).Decode(&content); err != nil {
			t.Fatal(err)
		}
		for _, u := range content.Units {
			if len(u.Variants) != 2 || u.Variants[0].Language != "en" || u.Variants[1].Language != "es" || u.ID == "" {
				t.Fatalf("unit is %+v", u)
			}
			pairs = append(pairs, [2]string{u.Variants[0].Text, u.Variants[1].Text})
		}
	default:
		source, target := readLines(t, name+".en"), readLines(t, name+"."+code)
		if len(source) != len(target) {
			t.Fatalf("%s: %d and %d lines", name, len(source), len(target))
		}
		for i := range source {
			pairs = append(pairs, [2]string{source[i], target[i]})
		}
	}
	return pairs
}

// No sentence of eval or test may be trained on, in any language, and none may stand twice.
func TestNoSentenceInTwoPlaces(t *testing.T) {
	mtop, bitext := writeCorpus(t, "mtop"), writeCorpus(t, "bitext")
	seen := map[string]string{} // language and sentence, to its place
	for _, l := range languages {
		for split := range mtopSizes {
			path := filepath.Join(mtop, l.code, split+".txt")
			for i, row := range readColumns(t, path, 8) {
				key, place := l.code+" "+strings.ToLower(row[3]), fmt.Sprintf("%s/%s:%d", l.code, split, i+1)
				if other, ok := seen[key]; ok {
					t.Errorf("%s: %q is at %s too", place, row[3], other)
				}
				seen[key] = place
			}
		}
	}
	for _, l := range languages[1:] {
		pairs := pairsIn(t, bitext, l.code)
		if len(pairs) < 650 || len(pairs) > 750 {
			t.Errorf("%s: %d pairs, want about 700", l.code, len(pairs))
		}
		own := map[string]bool{}
		for _, p := range pairs {
			for side, code := range []string{"en", l.code} {
				checkScript(t, code, p[side])
				key := code + " " + strings.ToLower(p[side])
				if place, ok := seen[key]; ok {
					t.Errorf("bitext en-%s: %q is at %s too", l.code, p[side], place)
				}
				if own[key] {
					t.Errorf("bitext en-%s: %q stands twice", l.code, p[side])
				}
				own[key] = true
			}
		}
	}
}

// Grade 2 must be rarer than grade 1, and both must exist for nearly every query, so that a ranking can be good or bad.
func TestMTOPSkeletonsVary(t *testing.T) {
	rows := readColumns(t, filepath.Join(writeCorpus(t, "mtop"), "en", "eval.txt"), 8)
	intents, skeletons := map[string]int{}, map[string]int{}
	for _, row := range rows {
		intents[row[1]]++
		skeletons[skeleton(row[6])]++
	}
	if len(intents) < 24 || 2*len(skeletons) < 3*len(intents) {
		t.Errorf("%d intents, %d skeletons", len(intents), len(skeletons))
	}
	lonely := 0
	for _, row := range rows {
		if intents[row[1]] < 5 {
			t.Errorf("%s has %d utterances", row[1], intents[row[1]])
		}
		if skeletons[skeleton(row[6])] == 1 {
			lonely++
		}
	}
	if lonely*4 > len(rows) {
		t.Errorf("%d of %d utterances have a skeleton of their own", lonely, len(rows))
	}
}

func TestBadTemplates(t *testing.T) {
	for _, c := range []struct{ text, message string }{
		{"a {b", "bad slot"},
		{"a {b/x}", "bad slot"},
		{"a {b/0}", "bad slot"},
		{"a [b", "not closed"},
		{"a ]b", "] without ["},
		{"a [b]", "has no slot"},
		{"[{a} {b}]", "two slots"},
	} {
		row := texts{c.text, c.text, c.text, c.text, c.text, c.text}
		if _, err := parseTemplate(row); err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%q: error is %v", c.text, err)
		}
	}
	if _, err := parseTemplate(texts{"{a}", "{a}", "{b}", "{a}", "{a}", "{a}"}); err == nil {
		t.Error("slots differ between languages: no error")
	}
	if _, err := parseTemplate(texts{"{a}", "{a}", "[{a}]", "{a}", "{a}", "{a}"}); err == nil {
		t.Error("optional parts differ between languages: no error")
	}
}
