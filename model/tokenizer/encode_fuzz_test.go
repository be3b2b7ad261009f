package tokenizer

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unicode/utf8"
)

// checkEncoding holds what every encoding of texts must be: the same ids with offsets and without, places in order and
// within the text, words in order.
func checkEncoding(t *testing.T, x *Tokenizer, texts ...string) {
	t.Helper()
	e, fast := &Encoding{Offsets: true}, &Encoding{}
	for _, limit := range []Truncation{{}, {MaxTokens: 6, Left: true}} {
		if err, other := x.EncodeInto(e, limit, texts...), x.EncodeInto(fast, limit, texts...); err != nil || other != nil {
			t.Fatal(err, other)
		}
		if !slices.Equal(e.IDs, fast.IDs) || !slices.Equal(e.Types, fast.Types) || !slices.Equal(e.Texts, fast.Texts) {
			t.Fatalf("%q with offsets gives %v\nwithout them %v", texts, e.IDs, fast.IDs)
		}
		if ids, _ := x.EncodeTruncated(nil, texts[0], limit.MaxTokens); len(texts) == 1 && limit.MaxTokens > 0 && len(ids) != len(e.IDs) {
			t.Fatalf("%q has %d tokens, %d when cut at the other side", texts, len(e.IDs), len(ids))
		}
		var last [2]Span
		var word [2]int32
		for i, id := range e.IDs {
			if id < 0 || int(id) >= x.VocabularySize() {
				t.Fatalf("id %d with %d pieces", id, x.VocabularySize())
			}
			n, span := e.Texts[i], e.Spans[i]
			if n < 0 {
				if span != (Span{}) || e.Words[i] != -1 {
					t.Fatalf("special token %d is at %v, word %d", id, span, e.Words[i])
				}
				continue
			}
			// A space that ByteLevel added behind an added token is trimmed from the next character, in the Rust library too.
			ordered := len(x.trims) > 0 || span.Start >= last[n].Start && span.End >= last[n].End
			if !ordered || span.Start < 0 || span.Start > span.End || int(span.End) > len(texts[n]) || e.Words[i] < word[n] {
				t.Fatalf("%q: token %d is at %v, word %d, after one at %v, word %d", texts, i, span, e.Words[i], last[n], word[n])
			}
			if utf8.ValidString(texts[n]) && !utf8.ValidString(texts[n][span.Start:span.End]) {
				t.Fatalf("%q: %v cuts a character", texts, span)
			}
			last[n], word[n] = span, e.Words[i]
		}
	}
}

// FuzzEncode encodes any bytes with all fixtures.
func FuzzEncode(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "fixtures", "*.json"))
	if err != nil || len(paths) == 0 {
		f.Fatal("no fixtures", err)
	}
	var texts []nasty
	readJSON(f, filepath.Join("testdata", "nasty_texts.json"), &texts)
	for _, n := range texts {
		f.Add(n.text[:min(len(n.text), 500)], "the")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, path := range paths {
			x := parseFile(t, path)
			checkEncoding(t, x, a)
			checkEncoding(t, x, a, b)
		}
	})
}

// FuzzParse changes whole files: none may make Parse or encoding panic, nor break what checkEncoding holds.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "fixtures", "*.json"))
	if err != nil || len(paths) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file, "Hello  World <mask>\u00a0\u0301\xff")
	}
	f.Add([]byte(`{`+smallUnigram+`}`), "abba")
	f.Add([]byte(`{`+smallWordPiece+`}`), "ab b")
	f.Fuzz(func(t *testing.T, file []byte, text string) {
		if x, err := Parse(file); err == nil {
			checkEncoding(t, x, text)
			checkEncoding(t, x, text, text)
		}
	})
}
