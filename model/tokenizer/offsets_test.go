package tokenizer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rows appends the tokens of e as testdata/make_golden.py does, with spans in characters of the texts.
func rows(dst []byte, e *Encoding, texts ...string) []byte {
	counted := make([][]Span, len(texts))
	for i, text := range texts {
		counted[i] = slices.Clone(e.Spans)
		for j := range counted[i] {
			if e.Texts[j] != int32(i) {
				counted[i][j] = Span{}
			}
		}
		Characters(counted[i], text)
	}
	for i, id := range e.IDs {
		span := e.Spans[i]
		if e.Texts[i] >= 0 {
			span = counted[e.Texts[i]][i]
		}
		for _, x := range []int32{id, e.Types[i], span.Start, span.End, e.Words[i], e.Texts[i]} {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(x))
		}
	}
	return append(dst, 0xFF, 0xFF, 0xFF, 0xFF)
}

func shortHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// TestOffsets compares all that is known of the tokens of nasty texts with the Rust library, by a hash for each text.
func TestOffsets(t *testing.T) {
	var texts []nasty
	var golden map[string][]string
	readJSON(t, filepath.Join("testdata", "nasty_texts.json"), &texts)
	readJSON(t, filepath.Join("testdata", "offsets.json"), &golden)
	for _, name := range slices.Sorted(maps.Keys(golden)) {
		t.Run(name, func(t *testing.T) {
			x, e := named(t, name), &Encoding{Offsets: true}
			for i, want := range golden[name] {
				text := texts[i].text
				if err := x.EncodeInto(e, Truncation{}, text); err != nil {
					t.Fatal(err)
				}
				if ids := x.Encode(nil, text); !slices.Equal(ids, e.IDs) {
					t.Errorf("%.200q\nwith offsets gives %.300q\nwithout them      %.300q", text, spell(x, e.IDs), spell(x, ids))
				}
				if got := shortHash(rows(nil, e, text)); got != want {
					t.Errorf("%.200q has other offsets or words: %.300q at %.300v, words %.300v", text, spell(x, e.IDs), e.Spans, e.Words)
				}
			}
		})
	}
}

// TestPairs compares single texts and pairs, whole and cut, with the Rust library.
func TestPairs(t *testing.T) {
	var golden map[string][]string
	readJSON(t, filepath.Join("testdata", "pairs.json"), &golden)
	for _, name := range slices.Sorted(maps.Keys(golden)) {
		t.Run(name, func(t *testing.T) {
			x, i := named(t, name), 0
			for _, a := range []string{"Hello world, the inter", "", " it's   me"} {
				for _, b := range []string{"the 中文字 an e\u0301 in 12345", " ", "<s> a<mask> [SEP]", "none"} {
					texts := []string{a, b}
					if b == "none" {
						texts = texts[:1]
					}
					if got := pairHash(t, x, texts); got != golden[name][i] {
						t.Errorf("%q differ: their hash is %s", texts, got)
					}
					i++
				}
			}
		})
	}
}

// pairHash encodes texts with all limits that testdata/make_golden.py has, with offsets and without.
func pairHash(t *testing.T, x *Tokenizer, texts []string) string {
	var hashes strings.Builder
	all, ids := &Encoding{Offsets: true}, &Encoding{}
	for _, strategy := range []Strategy{LongestFirst, OnlyFirst, OnlySecond} {
		for _, left := range []bool{false, true} {
			for _, most := range []int{5, 9, 14, 1000} {
				limit := Truncation{MaxTokens: most, Strategy: strategy, Left: left}
				err, other := x.EncodeInto(all, limit, texts...), x.EncodeInto(ids, limit, texts...)
				if err != nil {
					hashes.WriteString("error")
					continue
				}
				if other != nil || !slices.Equal(all.IDs, ids.IDs) || !slices.Equal(all.Types, ids.Types) || all.Cut != ids.Cut || ids.Spans != nil {
					t.Errorf("%q give other tokens without offsets", texts)
				}
				hashes.WriteString(shortHash(rows(nil, all, texts...)))
			}
		}
	}
	return shortHash([]byte(hashes.String()))
}

// TestPlaces compares all that is known of the tokens of all lines of the shared data with the Rust library.
func TestPlaces(t *testing.T) {
	var golden map[string]map[string]string
	readJSON(t, filepath.Join("testdata", "places.json"), &golden)
	for _, name := range slices.Sorted(maps.Keys(golden)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, e := named(t, name), &Encoding{Offsets: true}
			for _, file := range slices.Sorted(maps.Keys(golden[name])) {
				h := sha256.New()
				var row []byte
				for line := range strings.SplitSeq(string(corpus(t, file)), "\n") {
					if err := x.EncodeInto(e, Truncation{}, line); err != nil {
						t.Fatal(err)
					}
					row = rows(row[:0], e, line)
					h.Write(row)
				}
				if got := hex.EncodeToString(h.Sum(nil)[:8]); got != golden[name][file] {
					t.Errorf("the tokens of %s differ: their hash is %s", file, got)
				}
			}
		})
	}
}
