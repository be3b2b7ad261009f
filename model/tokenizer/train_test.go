package tokenizer

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/fixtures/trained.json")

// TestTrainUnigram trains on 400 sentences. TestNasty shows that the Rust library opens the result and agrees on ids.
func TestTrainUnigram(t *testing.T) {
	var texts []string
	for i := range 400 {
		texts = append(texts, fmt.Sprintf("the cat number %d sat on the mat and %s <s>", i, strings.Repeat("sang ", i%5)))
	}
	trained, err := TrainUnigram(slices.Values(texts), 100)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "fixtures", "trained.json")
	if *update {
		if err := os.WriteFile(path, trained, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOARCH == "amd64" && !bytes.Equal(trained, committed) { // others round logarithms differently
		t.Errorf("training gives %d bytes that differ from the %d of %s", len(trained), len(committed), path)
	}
	x, err := Parse(trained)
	if err != nil {
		t.Fatal(err)
	}
	if x.VocabularySize() != 100 || x.Piece(99) != "<mask>" || x.Piece(3) != "<unk>" || !x.IsSpecial(99) || x.IsSpecial(4) {
		t.Errorf("vocabulary of %d pieces, id 3 is %q, id 99 is %q", x.VocabularySize(), x.Piece(3), x.Piece(99))
	}
	if got, want := spell(x, x.Encode(nil, "the cat sat\t<mask> Q")), "<s> ▁the ▁cat ▁sat <mask> ▁ <unk> </s>"; got != want {
		t.Errorf("pieces are %q, want %q", got, want)
	}
}

// TestTrainQuality compares the number of tokens, of texts that a model was trained on, with the Rust library's training.
func TestTrainQuality(t *testing.T) {
	var golden struct {
		Files                     []string
		Lines, Vocabulary, Tokens int
	}
	readJSON(t, filepath.Join("testdata", "training.json"), &golden)
	var lines []string
	for _, name := range golden.Files {
		lines = append(lines, strings.Split(string(corpus(t, name)), "\n")[:golden.Lines]...)
	}
	trained, err := TrainUnigram(slices.Values(lines), golden.Vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	x, err := Parse(trained)
	if err != nil {
		t.Fatal(err)
	}
	tokens := 0
	for _, line := range lines {
		tokens += len(x.Encode(nil, line)) - 2
	}
	t.Logf("%d tokens, the Rust library's training gives %d", tokens, golden.Tokens)
	if x.VocabularySize() != golden.Vocabulary || float64(tokens) > 1.01*float64(golden.Tokens) {
		t.Errorf("%d pieces give %d tokens, the Rust library's %d give %d", x.VocabularySize(), tokens, golden.Vocabulary, golden.Tokens)
	}
}

func TestTrainUnigramErrors(t *testing.T) {
	for want, texts := range map[string][]string{
		"there is no text": {"", " \n"},
		"8 pieces are too few for 5 different characters": {"abcd"},
	} {
		if _, err := TrainUnigram(slices.Values(texts), 8); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("training on %q gives error %v, want %q", texts, err, want)
		}
	}
}
