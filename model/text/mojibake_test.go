package text

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// ntrex are the lines of NTREX-128 by file, in ten languages, written by people in four scripts.
func ntrex(t *testing.T) map[string][]string {
	t.Helper()
	data := os.Getenv("FERRY_DATA")
	if data == "" {
		data = "../../../shared/data"
	}
	files, err := filepath.Glob(filepath.Join(data, "bitext", "ntrex128", "newstest2019-*.txt"))
	if err != nil || len(files) == 0 {
		t.Skip("FERRY_DATA names no folder with NTREX-128")
	}
	lines := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines[filepath.Base(file)] = strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	return lines
}

// misreadAs is UTF-8 read as the bytes of Windows-1252, where those that it lacks are Latin-1's.
func misreadAs(s string) string {
	var out []rune
	for _, b := range []byte(s) {
		r := charmap.Windows1252.DecodeByte(b)
		if r == '\uFFFD' {
			r = rune(b)
		}
		out = append(out, r)
	}
	return string(out)
}

// TestMojibake finds what is misread in real lines of ten languages, and nothing in the lines as they are.
func TestMojibake(t *testing.T) {
	for file, lines := range ntrex(t) {
		garbled, found := 0, 0
		for _, line := range lines {
			if got := Mojibake(line); got != "" {
				t.Errorf("%s: %q in %q", file, got, line)
			}
			if misread := misreadAs(line); misread != line {
				garbled++
				if Mojibake(misread) != "" {
					found++
				}
			}
		}
		t.Logf("%s: %d of %d lines found", file, found, garbled)
		if float64(found) < 0.99*float64(garbled) {
			t.Errorf("%s: %d of %d lines found", file, found, garbled)
		}
	}
	for text, want := range map[string]string{
		"« café » »": "", "MAÇÃO É» »Spaß“ …": "", "SÃO PAULO": "", "l\u0092eau": "\u0092", "continuousÂ\u00a0iv": "Â\u00a0", "donâ€™t": "â€™", "ðŸ˜€": "ðŸ˜€",
		"\u00e2\u0080\u0098hibernate": "\u0080", "Ð¿Ð¾Ð»Ð´ÐµÐ½ÑŒ": "Ð¿Ð¾", "": "", "\xff": "",
	} {
		if got := Mojibake(text); got != want && !(want == "\u0080" && got != "") {
			t.Errorf("%q has %q, want %q", text, got, want)
		}
	}
}

// TestMixedWord finds letters that look like others, and nothing in real lines.
func TestMixedWord(t *testing.T) {
	for text, want := range map[string]string{"the sаme noon": "sаme", "noon полдень": "", "3D-принтер": "", "IFNβ": "", "noon, sаme": "sаme", "": ""} {
		if got := MixedWord(text); got != want {
			t.Errorf("%q has %q, want %q", text, got, want)
		}
	}
	for file, lines := range ntrex(t) {
		for _, line := range lines {
			if got := MixedWord(line); got != "" {
				t.Errorf("%s: %q in %q", file, got, line)
			}
		}
	}
}

// TestScriptsOf knows the languages that are written in several scripts.
func TestScriptsOf(t *testing.T) {
	for _, c := range []struct {
		language, text string
		want           float64
	}{{"sr", "подне", 1}, {"sr", "podne", 1}, {"srp", "podne", 1}, {"sr-Latn", "подне", 0}, {"sr-Cyrl", "podne", 0}, {"uz", "peshin", 1}, {"hr", "подне", 0}} {
		if got := ScriptOf(c.language).Share(c.text); got != c.want {
			t.Errorf("%s: %q has a share of %v, want %v", c.language, c.text, got, c.want)
		}
	}
	for code, several := range written {
		for _, name := range several {
			if scripts[name] == nil {
				t.Errorf("%s is written in %s, of which nothing is known", code, name)
			}
		}
	}
}
