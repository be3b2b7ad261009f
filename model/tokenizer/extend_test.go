package tokenizer

import (
	"bytes"
	"cmp"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// splitWords counts the words of texts that are cut into several pieces.
func splitWords(t testing.TB, file []byte, texts []string) map[string]int64 {
	t.Helper()
	w, err := NewWatcher(file)
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]int64{}
	for _, text := range texts {
		w.Words(text, func(word []byte, ids []int32) {
			if len(ids) > 1 {
				words[string(word)]++
			}
		})
	}
	return words
}

// expand encodes texts with an extended tokenizer, and puts what new pieces replace in their place. It returns how many texts
// are cut otherwise than before, but for that, and the number of tokens saved in all.
func expand(before, after *Tokenizer, edit *Edit, texts []string) (other, saved int) {
	for _, text := range texts {
		want, got := before.Encode(nil, text), after.Encode(nil, text)
		saved += len(want) - len(got)
		var expanded []int32
		for _, id := range got {
			expanded = append(expanded, edit.Rows[id]...)
		}
		if !slices.Equal(expanded, want) {
			other++
		}
	}
	return other, saved
}

// TestExtend extends XLM-R by Swahili. Texts are cut as before but for the new pieces, in other languages too, and what the
// pieces were said to save is saved.
func TestExtend(t *testing.T) {
	file, err := readFile(sharedData(t, "xlmr_tokenizer/tokenizer.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	lines := func(language string) []string {
		return strings.Split(string(corpus(t, "bitext/ntrex128/newstest2019-"+language+".txt")), "\n")
	}
	swahili := lines("ref.swa")
	words := splitWords(t, file, swahili)
	edit, added, err := Extend(file, maps.All(words), 300, 3)
	if err != nil {
		t.Fatal(err)
	}
	if len(added) != 300 {
		t.Errorf("%d additions", len(added))
	}
	before, after := named(t, "xlmr"), must(t, edit.File)
	promised := 0
	for i, a := range added {
		promised += int(a.Saved)
		if ids := after.model.encode(nil, []byte(a.Piece), &scratch{}); len(ids) != 1 || after.Piece(ids[0]) != a.Piece || int(ids[0]) != 250002+i {
			t.Errorf("%s is cut into %s", a.Piece, spell(after, ids))
		}
		if a.Count < 3 || len(a.Replaced) < 2 || strings.Join(a.Replaced, "") != a.Piece || i > 0 && a.Saved > added[i-1].Saved {
			t.Errorf("addition %d is %+v", i, a)
		}
	}
	other, saved := expand(before, after, edit, swahili)
	if t.Logf("%d tokens saved, %d promised, %d texts cut otherwise", saved, promised, other); other > 0 || saved != promised {
		t.Errorf("%d tokens saved, %d promised, %d texts cut otherwise", saved, promised, other)
	}
	for _, language := range []string{"src.eng", "ref.hin", "ref.tha", "ref.fin"} {
		if other, saved := expand(before, after, edit, lines(language)); other > 1 || saved < 0 {
			t.Errorf("%s: %d texts are cut otherwise, %d tokens fewer", language, other, saved)
		}
	}
}

func must(t testing.TB, file []byte) *Tokenizer {
	t.Helper()
	x, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestExtendWordPiece extends MiniLM by Swahili: no word of the texts takes more pieces than before or becomes unknown, and there
// are fewer tokens.
func TestExtendWordPiece(t *testing.T) {
	before := named(t, "all-minilm-l6-v2")
	file, err := readFile(filepath.Join(os.Getenv("FERRY_MODELS"), "all-minilm-l6-v2", "tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(corpus(t, "bitext/ntrex128/newstest2019-ref.swa.txt")), "\n")
	edit, added, err := Extend(file, maps.All(splitWords(t, file, lines)), 500, 3)
	if err != nil {
		t.Fatal(err)
	}
	after := must(t, edit.File)
	watch := func(file []byte) map[string]int {
		w, err := NewWatcher(file)
		if err != nil {
			t.Fatal(err)
		}
		pieces := map[string]int{}
		for _, line := range lines {
			w.Words(line, func(word []byte, ids []int32) {
				pieces[string(word)] = len(ids)
				if len(ids) == 1 && ids[0] == w.tokenizer.UnknownID() {
					pieces[string(word)] = 0
				}
			})
		}
		return pieces
	}
	was, saved := watch(file), 0
	for word, n := range watch(edit.File) {
		if n > was[word] || n == 0 && was[word] > 0 {
			t.Errorf("%s is cut into %d pieces, was into %d", word, n, was[word])
		}
	}
	for _, line := range lines {
		saved += len(before.Encode(nil, line)) - len(after.Encode(nil, line))
	}
	for _, a := range added {
		if plain := strings.ReplaceAll(strings.Join(a.Replaced, ""), "##", ""); plain != strings.TrimPrefix(a.Piece, "##") || len(a.Replaced) < 2 {
			t.Errorf("%s replaces %q", a.Piece, a.Replaced)
		}
	}
	if t.Logf("%d pieces save %d tokens, the first is %+v", len(added), saved, added[0]); len(added) < 400 || saved < 20000 {
		t.Errorf("%d pieces save %d tokens", len(added), saved)
	}
}

// TestExtendHarmless leaves out a piece for which a word would be unknown: "abcd" is ab ##cd, and after abc there is no ##d.
func TestExtendHarmless(t *testing.T) {
	file := []byte(`{"added_tokens": [], "model": {"type": "WordPiece", "unk_token": "U", "vocab": {"U": 0, "ab": 1, "##c": 2, "##cd": 3, "x": 4, "##y": 5}}}`)
	edit, added, err := Extend(file, maps.All(map[string]int64{"abc": 5, "abcd": 1, "xy": 2}), 5, 2)
	if err != nil || len(added) != 1 || added[0].Piece != "xy" {
		t.Fatalf("%+v, %v", added, err)
	}
	x := must(t, edit.File)
	for word, want := range map[string]string{"abcd": "ab ##cd", "abc": "ab ##c", "xy": "xy", "xyy": "xy ##y"} {
		if got := spell(x, x.Encode(nil, word)); got != want {
			t.Errorf("%s is cut into %s, want %s", word, got, want)
		}
	}
}

// TestExtendAlike wants the same bytes whatever the order of the words.
func TestExtendAlike(t *testing.T) {
	file, texts := trainedFixture(t)
	words := splitWords(t, file, texts)
	var first []byte
	for seed := range uint64(4) {
		keys := slices.Sorted(maps.Keys(words))
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		edit, _, err := Extend(file, func(yield func(string, int64) bool) {
			for _, w := range keys {
				if !yield(w, words[w]) {
					return
				}
			}
		}, 40, 1)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = edit.File
		} else if !bytes.Equal(first, edit.File) {
			t.Fatal("another order of the words gives another file")
		}
	}
}

// trainedFixture is a fixture with texts that it cuts into scraps.
func trainedFixture(t testing.TB) ([]byte, []string) {
	t.Helper()
	file, err := os.ReadFile("testdata/fixtures/unigram.json")
	if err != nil {
		t.Fatal(err)
	}
	return file, []string{"hello world hello", "interned internal interest", "pressed pressure press", "wholly hollow", "an apple, an application", "don't won't ' '", "zzz Ж zzЖz"}
}

// TestMine takes the same runs, one after the other, as one gets who counts all anew after each.
func TestMine(t *testing.T) {
	file, texts := trainedFixture(t)
	x := must(t, file)
	words := splitWords(t, file, texts)
	got := newMine(x.model.(*unigram), maps.All(words), 1, x.isToken).dig(30)
	d := newMine(x.model.(*unigram), maps.All(words), 1, x.isToken)
	for i := range 30 {
		var all []pieceRun
		for text := range d.in {
			if r := d.worth(text); r.saved > 0 {
				all = append(all, r)
			}
		}
		if len(all) == 0 {
			if i != len(got) {
				t.Errorf("%d runs, want %d", len(got), i)
			}
			break
		}
		best := slices.MinFunc(all, func(a, b pieceRun) int {
			return cmp.Or(cmp.Compare(b.saved, a.saved), strings.Compare(a.text, b.text))
		})
		if i >= len(got) || got[i].Piece != best.text || got[i].Saved != best.saved || got[i].Count != best.count {
			t.Fatalf("run %d should be %+v, of %+v", i, best, got)
		}
		d.join(best.text)
	}
	for _, a := range got {
		if strings.ContainsAny(a.Piece, ",Ж") || strings.HasPrefix(a.Piece, "'") || strings.HasSuffix(a.Piece, "'") {
			t.Errorf("%q is no part of a word", a.Piece)
		}
	}
}

// TestExtendMistakes names what cannot be extended.
func TestExtendMistakes(t *testing.T) {
	for name, want := range map[string]string{"bpe_gpt2": "only Unigram and WordPiece vocabularies can be changed", "": "reading tokenizer.json"} {
		file, _ := os.ReadFile("testdata/fixtures/" + name + ".json")
		if _, _, err := Extend(file, maps.All(map[string]int64{}), 1, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v", name, err)
		}
	}
	file, _ := trainedFixture(t)
	edit, added, err := Extend(file, maps.All(map[string]int64{"": 1, "Ж": 7}), 5, 1)
	if err != nil || len(added) != 0 {
		t.Errorf("%v, %v", added, err)
	}
	sameCuts(t, must(t, file), must(t, edit.File), edit, []string{"hello world <mask> Ж"})
}
