package tokenizer

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// TestWordwise compares ids with those of the same tokenizer when it does not take words one by one.
func TestWordwise(t *testing.T) {
	texts := []string{
		"a \u0301b", "a \u0301\u0301b", "a \u0340\u0301b", "\u0301\u0301b", "a  \u0301 \u0301 \u0301b c", "\u0301 a", " \u0301", "a\u0600 b", "\u0600 \u0600 a \u0600", "a\r \n b", "👨 \u200d👩 x",
		"क् ष क् \u094dष", "the the \u0e33the the", "a " + strings.Repeat("\u0301 ", 1000) + "b", "\U000110bd \U00011083",
	}
	for _, name := range []string{"unigram", "trained", "xlmr", "all-minilm-l6-v2"} {
		t.Run(name, func(t *testing.T) {
			x := named(t, name)
			if !x.wordwise {
				t.Fatal("it does not take words one by one")
			}
			known := scratch{cache: cache{given: patience}}
			for _, word := range append(texts, "inter", strings.Repeat("a", 39), strings.Repeat("a", 40), strings.Repeat("a", 41)) {
				for _, text := range []string{word, word + " ", " " + word, word + " " + word, "the  " + word + " the"} {
					want := x.encodeNormalized(nil, x.rewrite(text, &scratch{}), true, &scratch{})
					for range 2 { // the second time words are known
						if ids := x.encodeWords(nil, text, &known); !slices.Equal(ids, want) {
							t.Errorf("%.100q gives %.200q, want %.200q", text, spell(x, ids), spell(x, want))
						}
					}
				}
			}
		})
	}
	for _, name := range []string{"unigram_bytes", "unigram_never", "unigram_plain", "wordpiece", "bpe_gpt2"} {
		if named(t, name).wordwise {
			t.Errorf("%s takes words one by one", name)
		}
	}
}

// TestEndsOpen holds the list of characters against package uniseg.
func TestEndsOpen(t *testing.T) {
	for r := range rune(utf8.MaxRune) {
		first, _, _, _ := uniseg.FirstGraphemeClusterInString(string(r)+" ", -1)
		if first != string(r) && !endsOpen(string(r)) {
			t.Errorf("%U and a space are one grapheme", r)
		}
		if first, _, _, _ := uniseg.FirstGraphemeClusterInString(" "+string(r), -1); first != " " && startsAlone(string(r)) {
			t.Errorf("a space and %U are one grapheme", r)
		}
	}
}

// TestCache puts more words than fit and asks for those that must be there, at all lengths of keys and ids.
func TestCache(t *testing.T) {
	var c cache
	var k cacheKey
	ids := []int32{-1, 1 << 30, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
	for length := range 43 {
		for n := range ids {
			word := strings.Repeat("x", length) + " " + strings.Repeat("y", n)
			k.read(word)
			if length > 8*keyWords-1 != (k.length < 0) || k.length >= 0 && k.length != length {
				t.Fatalf("the key of %d bytes has %d", length, k.length)
			}
			if k.length < 0 {
				continue
			}
			c = cache{given: patience}
			c.put(&k, ids[:n])
			got, known := c.appendTo([]int32{7}, &k)
			if fits := 1+(length+7)/8+(n+1)/2 <= lineWords; known != fits || known && !slices.Equal(got[1:], ids[:n]) {
				t.Fatalf("%d ids of a key of %d bytes come back as %v, %v", n, length, got, known)
			}
		}
	}
}
