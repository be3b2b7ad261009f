//go:build hftokenizers

package tokenizer

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/ferry-clir/ferry/model/tokenizer/hf"
)

// engines is one tokenizer.json in the hands of both engines.
type engines struct {
	name string
	ours *Tokenizer
	rust *hf.Tokenizer
}

// realTokenizers are looked for among the shared data and below FERRY_MODELS.
var realTokenizers = []string{"xlmr", "all-minilm-l6-v2"}

// open gives a tokenizer to both engines.
func open(t testing.TB, name string) engines {
	t.Helper()
	e := engines{name: name, ours: named(t, name)}
	file, err := readFile(tokenizerPath(name))
	if err == nil {
		e.rust, err = hf.Parse(file)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.rust.Close() })
	return e
}

// compare reports where the two engines give other ids or spans for text, which may have no NUL.
func (e engines) compare(t *testing.T, text string) {
	t.Helper()
	want, err := e.rust.Encode(text)
	if err != nil {
		t.Fatalf("%s: %v", e.name, err)
	}
	if ids := e.ours.Encode(nil, text); !slices.Equal(ids, want.IDs) {
		t.Errorf("%s: %.300q\ngives %.500q\nwant  %.500q", e.name, text, spell(e.ours, ids), spell(e.ours, want.IDs))
	}
	if len(text) > 1<<16 || !utf8.ValidString(text) || len(e.ours.trims) > 0 {
		return // spans take longer, are of the text as it was given, and never end within a character, as trimmed ones do there
	}
	got := Encoding{Offsets: true}
	if err := e.ours.EncodeInto(&got, Truncation{}, text); err != nil {
		t.Fatalf("%s: %v", e.name, err)
	}
	same := func(a Span, b [2]int32) bool { return a == Span{b[0], b[1]} }
	if !slices.EqualFunc(got.Spans, want.Spans, same) {
		t.Errorf("%s: %.300q\ngives spans %.500s\nwant        %.500s", e.name, text, fmt.Sprint(got.Spans), fmt.Sprint(want.Spans))
	}
}

// TestEnginesOnCorpora compares the tokens of every line of every file of the shared data.
func TestEnginesOnCorpora(t *testing.T) {
	files := corpora(t)
	for _, name := range append([]string{"bpe_gpt2"}, realTokenizers...) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := open(t, name)
			lines := 0
			for _, file := range files {
				for line := range strings.SplitSeq(string(corpus(t, file)), "\n") {
					e.compare(t, line)
					lines++
				}
			}
			if lines < 50000 {
				t.Errorf("only %d lines were compared", lines)
			}
		})
	}
}

// corpora names every file of the shared data as corpus wants it, the members of archives too.
func corpora(t *testing.T) (names []string) {
	t.Helper()
	root := filepath.Dir(sharedData(t, "README.md"))
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir() || strings.HasSuffix(name, ".gz"):
			return err
		case !strings.HasSuffix(name, ".zip"):
			names = append(names, name)
			return nil
		}
		z, err := zip.OpenReader(filepath.Join(root, name))
		if err != nil {
			return err
		}
		defer z.Close()
		for _, member := range z.File {
			names = append(names, name+"/"+member.Name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestEnginesOnNastyTexts compares the nasty texts. Those with a NUL, which C would cut off, lose it; TestNasty has them.
func TestEnginesOnNastyTexts(t *testing.T) {
	for _, name := range append(fixtureNames(t), realTokenizers...) {
		t.Run(name, func(t *testing.T) {
			e := open(t, name)
			for _, text := range nastyTexts(t) {
				e.compare(t, text)
			}
		})
	}
}

// TestEnginesOnLargeTexts compares lines of a megabyte.
func TestEnginesOnLargeTexts(t *testing.T) {
	for _, name := range realTokenizers {
		t.Run(name, func(t *testing.T) {
			e := open(t, name)
			for _, unit := range []string{"a", "ab ", "中", "สวัสดี", "e\u0301", "नि ", "👨\u200d👩 ", "\xed\xa0\x80", "<s", "▁"} {
				e.compare(t, strings.Repeat(unit, 1<<20/len(unit)))
			}
		})
	}
}

// nastyTexts returns the texts of testdata/nasty_texts.json without NUL.
func nastyTexts(t testing.TB) (texts []string) {
	t.Helper()
	var all []nasty
	readJSON(t, filepath.Join("testdata", "nasty_texts.json"), &all)
	for _, n := range all {
		texts = append(texts, strings.ReplaceAll(n.text, "\x00", ""))
	}
	return texts
}

// TestEnginesOnRandomTexts compares texts of random characters: half of them from the nasty texts, half from all there
// are.
func TestEnginesOnRandomTexts(t *testing.T) {
	usual := []rune(strings.Join(nastyTexts(t), ""))
	slices.Sort(usual)
	usual = slices.Compact(usual)
	for _, name := range append(fixtureNames(t), realTokenizers...) {
		t.Run(name, func(t *testing.T) {
			e := open(t, name)
			random := rand.New(rand.NewPCG(1, 2))
			for range 20000 {
				var text []rune
				for range random.IntN(20) {
					text = append(text, usual[random.IntN(len(usual))])
					if r := rune(random.IntN(0x20000)); random.IntN(2) == 0 && r > 0 && !changed(r) {
						text = append(text, r)
					}
				}
				e.compare(t, string(text))
			}
		})
	}
}

// FuzzEngines compares texts that it makes up, for all fixtures and those real tokenizers that are there.
func FuzzEngines(f *testing.F) {
	for _, text := range nastyTexts(f) {
		f.Add(text)
	}
	var all []engines
	for _, name := range append(fixtureNames(f), realTokenizers...) {
		if _, err := os.Stat(tokenizerPath(name)); err == nil {
			all = append(all, open(f, name))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "\x00") || strings.ContainsFunc(text, changed) {
			return
		}
		for _, e := range all {
			e.compare(t, text)
		}
	})
}

// changed tells whether r is newer than Unicode 8, where doc.go lists differences that are known.
func changed(r rune) bool { return r != unicode.ReplacementChar && !unicode.Is(unicode8, r) }

// fixtureNames names the small tokenizers of testdata.
func fixtureNames(t testing.TB) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "fixtures", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, p := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(p), ".json"))
	}
	return names
}
