package tokenizer

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sameCuts makes sure that an edited tokenizer cuts texts as the one before, id by id.
func sameCuts(t *testing.T, before, after *Tokenizer, edit *Edit, texts []string) {
	t.Helper()
	for _, text := range texts {
		want, got := before.Encode(nil, text), after.Encode(nil, text)
		for i, id := range got {
			if from := edit.Rows[id]; len(from) == 1 {
				got[i] = from[0]
			} else {
				got[i] = -1
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%.200q\ngives %v\nwant  %v", text, got, want)
		}
	}
}

// trimmed trims a tokenizer.json to texts.
func trimmed(t testing.TB, file []byte, texts []string, characters bool) *Edit {
	t.Helper()
	u, err := NewUsage(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		u.Add(text)
	}
	edit, err := u.Trim(characters, 0)
	if err != nil {
		t.Fatal(err)
	}
	return edit
}

// TestTrim trims every fixture to some of the nasty texts, which must be cut as before.
func TestTrim(t *testing.T) {
	var nasties []nasty
	readJSON(t, filepath.Join("testdata", "nasty_texts.json"), &nasties)
	files, err := filepath.Glob("testdata/fixtures/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := NewUsage(file); err != nil {
				if !strings.Contains(err.Error(), "only Unigram and WordPiece vocabularies can be changed") || !strings.HasPrefix(filepath.Base(path), "bpe_") {
					t.Error(err)
				}
				return
			}
			before := parseFile(t, path)
			for seed := range uint64(12) {
				random := rand.New(rand.NewPCG(seed, 0))
				var texts []string
				for _, n := range nasties {
					if random.IntN(4) == 0 {
						texts = append(texts, n.text)
					}
				}
				edit := trimmed(t, file, texts, seed%2 == 0)
				after, err := Parse(edit.File)
				if err != nil {
					t.Fatal(err)
				}
				if len(edit.Rows) != after.VocabularySize() || after.VocabularySize() > before.VocabularySize() {
					t.Errorf("%d rows for %d tokens of %d", len(edit.Rows), after.VocabularySize(), before.VocabularySize())
				}
				sameCuts(t, before, after, edit, texts)
				for id, from := range edit.Rows {
					if old := from[0]; after.Piece(int32(id)) != before.Piece(old) || after.IsSpecial(int32(id)) != before.IsSpecial(old) {
						t.Fatalf("token %d is %q, was %q", id, after.Piece(int32(id)), before.Piece(old))
					}
				}
			}
		})
	}
}

// TestTrimKeepsUnknown trims to words that are unknown because the longest piece leads nowhere, although a shorter one would
// not, and to one that costs less than an unknown character only as long as the lowest score stays.
func TestTrimKeepsUnknown(t *testing.T) {
	word := `{"added_tokens": [], "model": {"type": "WordPiece", "unk_token": "U", "vocab": {"U": 0, "ab": 1, "a": 2, "##bc": 3, "x": 4}}}`
	edit := trimmed(t, []byte(word), []string{"abc", "a", "x"}, false)
	after, err := Parse(edit.File)
	if err != nil {
		t.Fatal(err)
	}
	if got := after.Encode(nil, "abc"); len(got) != 1 || after.Piece(got[0]) != "U" {
		t.Errorf("abc gives %s", spell(after, got))
	}
	list := `{"added_tokens": [], "model": {"type": "Unigram", "unk_id": 0, "vocab": [["U", 0], ["ψa", -35], ["b", -30], ["ab", -1], ["y", -59], ["z", -60]]}}`
	edit = trimmed(t, []byte(list), []string{"ψab", "ab"}, false)
	if after, err = Parse(edit.File); err != nil {
		t.Fatal(err)
	}
	if got := spell(after, after.Encode(nil, "ψab")); got != "ψa b" || after.VocabularySize() != 5 {
		t.Errorf("ψab gives %s with %d pieces", got, after.VocabularySize())
	}
}

// TestTrimReal trims real tokenizers to languages, whose lines must be cut as before.
func TestTrimReal(t *testing.T) {
	for _, c := range []struct {
		model, language string
		most            int // pieces
	}{{"xlmr", "swa", 30000}, {"xlmr", "tha", 30000}, {"multilingual-e5-small", "hin", 30000}, {"all-minilm-l6-v2", "fin", 20000}} {
		t.Run(c.model+"-"+c.language, func(t *testing.T) {
			before := named(t, c.model)
			path := sharedData(t, "xlmr_tokenizer/tokenizer.json.gz")
			if c.model != "xlmr" {
				path = filepath.Join(os.Getenv("FERRY_MODELS"), c.model, "tokenizer.json")
			}
			file, err := readFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(string(corpus(t, "bitext/ntrex128/newstest2019-ref."+c.language+".txt")), "\n")
			edit := trimmed(t, file, lines, c.language != "tha")
			after, err := Parse(edit.File)
			if err != nil {
				t.Fatal(err)
			}
			sameCuts(t, before, after, edit, lines)
			t.Logf("%d of %d tokens, %d of %d bytes", after.VocabularySize(), before.VocabularySize(), len(edit.File), len(file))
			if after.VocabularySize() > c.most {
				t.Errorf("%d tokens are left", after.VocabularySize())
			}
		})
	}
}

// TestEditIsJSON makes sure that an edited file has every member that it had, and only ids and pieces changed.
func TestEditIsJSON(t *testing.T) {
	file, err := os.ReadFile("testdata/fixtures/unigram.json")
	if err != nil {
		t.Fatal(err)
	}
	edit := trimmed(t, file, nil, true)
	var was, is map[string]any
	if err := json.Unmarshal(file, &was); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(edit.File, &is); err != nil {
		t.Fatal(err)
	}
	for name := range was {
		if name != "model" && name != "added_tokens" && name != "post_processor" && fmt.Sprint(was[name]) != fmt.Sprint(is[name]) {
			t.Errorf("%s changed", name)
		}
	}
	if len(was) != len(is) {
		t.Errorf("%d members, were %d", len(is), len(was))
	}
}
