package text

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/fasttext"
)

func languages(t testing.TB, file string) *Languages {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := fasttext.Read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return NewLanguages(m)
}

// TestLanguageOf finds the labels of codes that mean the same.
func TestLanguageOf(t *testing.T) {
	l := NewLanguages(&fasttext.Model{Labels: []string{"swh_Latn", "tl", "zho_Hans", "zho_Hant", "no", "x-none", "hi", "fil"}})
	for code, want := range map[string]string{"sw": "[0]", "swa": "[0]", "swh": "[0]", "sw-KE": "[0]", "fil": "[1 7]", "tgl": "[1 7]", "zh": "[2 3]",
		"zh-TW": "[2 3]", "nb": "[4]", "hin": "[6]", "de": "[]", "und": "[]", "": "[]", "klingon": "[]"} {
		if got := fmt.Sprint(l.Of(code)); got != want {
			t.Errorf("%q has the labels %s, want %s", code, got, want)
		}
	}
}

// TestWrongLanguage refuses what a small classifier, of sentences much like these, takes for another language.
func TestWrongLanguage(t *testing.T) {
	l := languages(t, "../fasttext/testdata/softmax.model")
	f := Filter{MaxOther: 0.5, Languages: l}
	for _, c := range []struct{ text, code, want string }{
		{"Treni inaondoka saa sita mchana.", "sw", ""},
		{"Treni inaondoka saa sita mchana.", "tl", "wrong_language"},
		{"Treni inaondoka saa sita mchana.", "xx", ""},
		{"Call my sister.", "sw", "wrong_language"},
		{"12:00", "sw", ""},
		{"", "sw", "empty"},
	} {
		if got := f.Reason(Side{Text: "ok"}, Side{Text: c.text, Language: l.Of(c.code)}); got != c.want {
			t.Errorf("%q as %s is refused as %q, want %q", c.text, c.code, got, c.want)
		}
	}
}

// TestLanguageAccuracy measures lid.176.ftz on published text, as docs/clean.md tells: the share of a language's own texts that
// is left out, and of English ones that is kept under its name.
func TestLanguageAccuracy(t *testing.T) {
	model := filepath.Join(os.Getenv("FERRY_MODELS"), "lid.176.ftz")
	data := os.Getenv("FERRY_DATA")
	if data == "" {
		data = "../../../shared/data"
	}
	if _, err := os.Stat(model); err != nil {
		t.Skip("FERRY_MODELS has no lid.176.ftz")
	}
	if _, err := os.Stat(filepath.Join(data, "bitext")); err != nil {
		t.Skip("there is no " + data)
	}
	l := languages(t, model)
	t.Log("corpus language texts | left out at 0.5, 0.8, 0.9 | English kept at 0.5, 0.8, 0.9 (percent)")
	for _, c := range accuracyCases(t, data) {
		in := l.Of(c.language)
		if in == nil {
			t.Fatalf("%s is not known", c.language)
		}
		var lost, kept [3]float64
		count := func(texts []string, from bool, percent *[3]float64) {
			for _, s := range texts {
				other := l.Other(s, in)
				for i, bound := range []float64{0.5, 0.8, 0.9} {
					if (other >= bound) == from {
						percent[i] += 100 / float64(len(texts))
					}
				}
			}
		}
		count(c.texts, true, &lost)
		count(c.english, false, &kept)
		if sentences := c.corpus == "NTREX" || c.corpus == "TICO-19"; sentences && (lost[0] > 2.5 || kept[0] > 1) {
			t.Errorf("%s, %s: %v are lost, %v kept", c.corpus, c.language, lost, kept)
		}
		t.Logf("%-8s %-3s %5d | %6.2f %6.2f %6.2f | %6.2f %6.2f %6.2f", c.corpus, c.language, len(c.texts), lost[0], lost[1], lost[2], kept[0], kept[1], kept[2])
	}
}

type accuracyCase struct {
	corpus, language string
	texts, english   []string
}

func accuracyCases(t *testing.T, data string) (cases []accuracyCase) {
	column := func(file string, n int) []string {
		content, err := os.ReadFile(filepath.Join(data, file))
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for line := range strings.Lines(string(content)) {
			if f := strings.Split(strings.TrimRight(line, "\r\n"), "\t"); len(f) > n && f[n] != "" {
				texts = append(texts, f[n])
			}
		}
		return texts
	}
	english := column("bitext/ntrex128/newstest2019-src.eng.txt", 0)
	cases = append(cases, accuracyCase{"NTREX", "en", english, nil})
	for _, c := range strings.Fields("de=deu fi=fin fr=fra hi=hin mr=mar so=som sw=swa th=tha tl=fil") {
		language, code, _ := strings.Cut(c, "=")
		cases = append(cases, accuracyCase{"NTREX", language, column("bitext/ntrex128/newstest2019-ref."+code+".txt", 0), english})
	}
	for _, language := range strings.Fields("fr hi mr so sw tl") {
		source, target := segments(t, filepath.Join(data, "bitext/tico19/all.en-"+language+".tmx.zip"))
		cases = append(cases, accuracyCase{"TICO-19", language, target, source})
	}
	for _, c := range strings.Fields("de=deu fi=fin fr=fra hi=hin mr=mar sw=swh th=tha tl=tgl") {
		language, code, _ := strings.Cut(c, "=")
		stem := "bitext/tatoeba/tatoeba." + code + "-eng."
		cases = append(cases, accuracyCase{"Tatoeba", language, column(stem+code, 0), column(stem+"eng", 0)})
	}
	english = column("mtop/en/eval.txt", 3)
	for _, language := range strings.Fields("en de es fr hi th") {
		cases = append(cases, accuracyCase{"MTOP", language, column("mtop/"+language+"/eval.txt", 3), english})
	}
	return cases
}

var segment = regexp.MustCompile(`(?s)<seg>(.*?)</seg>`)

// segments are the texts of a TMX file, which has English first in each unit.
func segments(t *testing.T, file string) (source, target []string) {
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, entry := range archive.File {
		r, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range segment.FindAllSubmatch(content, -1) {
			if i%2 == 0 {
				source = append(source, string(s[1]))
			} else {
				target = append(target, string(s[1]))
			}
		}
	}
	return source, target
}
