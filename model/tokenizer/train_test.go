package tokenizer

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestTrainUnigram(t *testing.T) {
	var texts []string
	for i := range 400 {
		texts = append(texts, fmt.Sprintf("the cat number %d sat on the mat and %s <s>", i, strings.Repeat("sang ", i%5)))
	}
	first, err := TrainUnigram(slices.Values(texts), 100)
	if err != nil {
		t.Fatal(err)
	}
	second, err := TrainUnigram(slices.Values(texts), 100)
	if err != nil || !bytes.Equal(first, second) {
		t.Fatalf("training twice gives different files, error %v", err)
	}
	x, err := Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	if x.VocabularySize() != 100 || x.Piece(99) != "<mask>" || x.Piece(3) != "<unk>" || !x.IsSpecial(99) || x.IsSpecial(4) {
		t.Errorf("vocabulary of %d pieces, id 3 is %q, id 99 is %q", x.VocabularySize(), x.Piece(3), x.Piece(99))
	}
	var pieces []string
	for _, id := range x.Encode(nil, "the cat sat\t<mask> Q") {
		pieces = append(pieces, x.Piece(id))
	}
	if got, want := strings.Join(pieces, " "), "<s> ▁the ▁cat ▁sat <mask> ▁ <unk> </s>"; got != want {
		t.Errorf("pieces are %q, want %q", got, want)
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
