package tokenizer

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

const (
	smallUnigram   = `"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1.5], ["ab", -2]]}`
	smallWordPiece = `"model": {"type": "WordPiece", "unk_token": "u", "vocab": {"u": 0, "a": 1, "##b": 2}}`
)

// TestParseErrors gives damaged files and what the error must say of each.
func TestParseErrors(t *testing.T) {
	normalizer := func(n string) string { return `{"normalizer": ` + n + `, ` + smallUnigram + `}` }
	splitter := func(p string) string { return `{"pre_tokenizer": ` + p + `, ` + smallUnigram + `}` }
	bpe := func(p string) string { return `{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, ` + p + `}}` }
	template := func(p string) string { return `{"post_processor": ` + p + `, ` + smallUnigram + `}` }
	for _, c := range []struct{ file, want string }{
		{``, "unexpected end"},
		{`[]`, "cannot unmarshal array"},
		{`{}`, "model: no type is given"},
		{`{"model": {"type": "WordLevel", "vocab": {}}}`, `model: type "WordLevel" is not supported, only Unigram, WordPiece and BPE are`},
		{`{"model": {"vocab": {"a": 0}}}`, "model: no type is given"},
		{`{"model": {"type": "BPE", "vocab": [], "merges": []}}`, "as a map"},
		{`{"model": {"type": "BPE", "vocab": {"a": 0}}}`, "merges, as a list, are needed"},
		{bpe(`"merges": ["a"]`), `merges: entry 0, "a"]`},
		{bpe(`"merges": ["a b", "a b c"]`), `merges: entry 1, "a b c"]`},
		{bpe(`"merges": [["a"]]`), `merges: entry 0, ["a"]]`},
		{bpe(`"merges": [["a", "a"]]`), `merges: entry 0, ["a" "a"], merges what is not in the vocabulary`},
		{bpe(`"merges": [["a", "b"]], "continuing_subword_prefix": "##"`), `has not the prefix`},
		{bpe(`"merges": [], "unk_token": "u"`), `unk_token "u" is not in the vocabulary`},
		{bpe(`"merges": [], "dropout": 0.1`), `dropout 0.1 gives other ids every time; set it to null`},
		{bpe(`"merges": [], "byte_fallback": true, "end_of_word_suffix": "b"`), "byte_fallback together with"},
		{`{"model": {"type": "Unigram", "unk_id": 0, "vocab": []}}`, "unk_id are needed"},
		{`{"model": {"type": "Unigram", "vocab": [["a", -1]]}}`, "unk_id are needed"},
		{`{"model": {"type": "Unigram", "unk_id": 1, "vocab": [["a", -1]]}}`, "unk_id 1 is not in the vocabulary of 1 pieces"},
		{`{"model": {"type": "Unigram", "unk_id": -1, "vocab": [["a", -1]]}}`, "unk_id -1"},
		{`{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", -1], ["b"]]}}`, `entry 1, ["b"]], is not a pair`},
		{`{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", "b"]]}}`, `entry 0, ["a", "b"]], is not a pair`},
		{`{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", [1]]]}}`, "is not a pair"},
		{`{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", 1e999]]}}`, "1e999"},
		{`{"model": {"type": "WordPiece", "unk_token": "u", "vocab": ["u"]}}`, "as a map"},
		{`{"model": {"type": "WordPiece", "unk_token": "u", "vocab": {"u": 1e9}}}`, `"u" has id 1e+09 in a vocabulary of 1`},
		{`{"model": {"type": "WordPiece", "unk_token": "u", "vocab": {"u": 0.5}}}`, `"u" has id 0.5`},
		{`{"model": {"type": "WordPiece", "unk_token": "x", "vocab": {"u": 0}}}`, `unk_token "x" is not in the vocabulary`},
		{normalizer(`{"type": "Prep", "prepend": "x"}`), `normalizer: kind "Prep" is not supported, only`},
		{normalizer(`{"type": "Replace", "pattern": {"Regex": "("}, "content": ""}`), "compiling the pattern"},
		{normalizer(`{"type": "Replace", "pattern": {"String": ""}, "content": ""}`), "no pattern"},
		{normalizer(`{"type": "Precompiled", "precompiled_charsmap": ""}`), "precompiled_charsmap is empty"},
		{normalizer(`{"type": "Precompiled", "precompiled_charsmap": "?"}`), "decoding precompiled_charsmap"},
		{normalizer(`{"type": "Precompiled", "precompiled_charsmap": "/////w=="}`), "its array alone says 4294967295"},
		{normalizer(strings.Repeat(`{"type": "Sequence", "normalizers": [`, 9) + strings.Repeat(`]}`, 9)), "nested more than 8 deep"},
		{splitter(`{"type": "FixedLength"}`), `pre_tokenizer: kind "FixedLength" is not supported, only`},
		{splitter(`{"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Gone"}`), `behavior "Gone" of Split is not known`},
		{splitter(`{"type": "Split", "behavior": "Removed"}`), "there is no pattern"},
		{splitter(`{"type": "Split", "pattern": {"Regex": "a*"}, "behavior": "Removed"}`), "the pattern a* matches the empty text"},
		{splitter(`{"type": "Split", "pattern": {"Regex": "^a"}, "behavior": "Removed"}`), "start of the text"},
		{splitter(`{"type": "Split", "pattern": {"Regex": "a(?=b)"}, "behavior": "Removed"}`), "Go's package regexp has to know it"},
		{splitter(`{"type": "Split", "pattern": {"Regex": "\\ba"}, "behavior": "Removed"}`), `\b is not supported`},
		{splitter(`{"type": "Split", "pattern": {"Regex": "[^\\S]"}, "behavior": "Removed"}`), `\S inside of brackets`},
		{splitter(`{"type": "Split", "pattern": {"Regex": "[[:alpha:]]"}, "behavior": "Removed"}`), `[ inside of brackets`},
		{splitter(`{"type": "Metaspace", "replacement": ""}`), `replacement "" of Metaspace is not one character`},
		{splitter(`{"type": "Metaspace", "replacement": "_", "prepend_scheme": "last"}`), `prepend_scheme "last"`},
		{splitter(`{"type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "add_prefix_space": false}`), `contradicts prepend_scheme "first"`},
		{splitter(`{"type": 3}`), "cannot unmarshal number"},
		{template(`{"type": "TemplateProcessing", "single": []}`), "for a single text: it has text A 0 times"},
		{template(`{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}], "pair": [{"Sequence": {"id": "A"}}]}`), "for a pair: it has text A 1 times and text B 0 times"},
		{template(`{"type": "Sequence", "processors": [{"type": "BertProcessing"}, {"type": "BertProcessing"}]}`), "merge its templates into one"},
		{template(`{"type": "Unknown"}`), `kind "Unknown" is not supported, only`},
		{template(`{"type": "TemplateProcessing", "single": [{}]}`), "neither a token nor a sequence"},
		{template(`{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}]}`), `token "x" is not among`},
		{template(`{"type": "BertProcessing", "cls": ["a", 7], "sep": ["a", 1]}`), "post_processor: id 7 is not in the vocabulary"},
		{template(`{"type": "BertProcessing", "cls": ["a"], "sep": ["a", 1]}`), "is not a pair of token and id"},
		{`{"added_tokens": [{"id": 1, "content": "x"}], ` + smallUnigram + `}`, `added_tokens: "x" has id 1, which is "a"`},
		{`{"added_tokens": [{"id": -1, "content": "x"}], ` + smallWordPiece + `}`, `"x" has id -1`},
	} {
		if _, err := Parse([]byte(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.150s\ngives error %v\nwant %q", c.file, err, c.want)
		}
	}
}

// FuzzCharsmap walks arrays of any content.
func FuzzCharsmap(f *testing.F) {
	f.Add([]byte("\xff\xff\xff\xff\x01\x00\x00\x00abcd"), "é\u0301")
	f.Fuzz(func(t *testing.T, array []byte, text string) {
		array = array[:len(array)/4*4]
		data := append(binary.LittleEndian.AppendUint32(nil, uint32(len(array))), array...)
		m, err := newCharsmap(base64.StdEncoding.EncodeToString(append(data, "x\x00y"...)))
		if err != nil {
			t.Fatal(err)
		}
		if out := m.rewrite(nil, validUTF8(text)); !utf8.Valid(out) {
			t.Fatalf("%q becomes %q", text, out)
		}
	})
}

// TestLargeTexts encodes texts of megabytes without a space, which takes hours where the time grows with their square.
func TestLargeTexts(t *testing.T) {
	for _, name := range []string{"unigram", "unigram_bytes", "unigram_plain", "wordpiece", "xlmr", "bpe_gpt2", "bpe_llama2", "bpe_llama3", "bpe_gpt4o", "bpe_clip"} {
		t.Run(name, func(t *testing.T) {
			x := named(t, name)
			for _, unit := range []string{"a", "ab", "中", "e\u0301", "\u0301", "\xff", "<s", "▁", "\x00", "👨\u200d"} {
				text := strings.Repeat(unit, 1<<20/len(unit))
				x.Encode(nil, text)
				if e := (&Encoding{Offsets: true}); unit == "a" || unit == "\u0301" {
					if err := x.EncodeInto(e, Truncation{}, text); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

// TestAlone holds the shortcut against package uniseg, for every character.
func TestAlone(t *testing.T) {
	n := 0
	for r := range rune(utf8.MaxRune) {
		if !alone(r) {
			continue
		}
		n++
		for _, text := range []string{string(r) + "a", string(r) + string(r), "a" + string(r), "中" + string(r) + "한"} {
			first, _ := utf8.DecodeRuneInString(text)
			if got, _, _, _ := uniseg.FirstGraphemeClusterInString(text, -1); got != string(first) {
				t.Errorf("%q is one grapheme in %q", got, text)
			}
		}
	}
	if n < 30000 {
		t.Errorf("only %d characters are alone", n)
	}
}

// TestTrie looks up keys that fill the array, and near misses.
func TestTrie(t *testing.T) {
	var keys []key
	for i := range 256 {
		for j := range 64 {
			keys = append(keys, key{string([]byte{byte(i), byte(j * 7), byte(i ^ j)}), int32(len(keys))})
		}
	}
	keys = append(keys, key{"", 1}, key{strings.Repeat("long", 10000), 90000}, key{"a", 90001}, key{"a", 90002})
	x := newTrie(slices.Clone(keys))
	for _, k := range keys {
		want := k.id
		switch k.text {
		case "":
			want = -1
		case "a":
			want = 90002
		}
		if got := x.id(k.text); got != want {
			t.Fatalf("%q has id %d, want %d", k.text, got, want)
		}
		if got := x.id(k.text + "x"); got != -1 && !slices.ContainsFunc(keys, func(o key) bool { return o.text == k.text+"x" }) {
			t.Fatalf("%qx has id %d", k.text, got)
		}
	}
}
