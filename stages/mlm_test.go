package stages

import (
	"os"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/tokenizer"
)

// TestUnits masks what the sample tokenizer makes of texts: words as a whole, but for those of more than 8 tokens, never special
// or unknown tokens or those of the prefix, and never words of both texts of a pair together.
func TestUnits(t *testing.T) {
	file, err := os.ReadFile("../sources/phrasebook/data/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	words := MLM{WholeWord: true}
	for _, test := range []struct {
		keys  MLM
		texts []string // of tokens that the comments show
		want  []int32
	}{
		{words, []string{"nothing", "hapana, rafiki"}, []int32{-1, 1, 1, 1, -1, -1, 6, 6, 6, 6, 10, 10, 10, 10, -1}}, // not h ing, ha pan a , _ ra f iki
		{MLM{}, []string{"nothing"}, []int32{-1, 1, 2, 3, -1}},
		{words, []string{"query: good"}, []int32{-1, 1, 1, 1, -1, 5, -1}},                               // que r y <unk> good
		{MLM{WholeWord: true, Prefix: "query: "}, []string{"good"}, []int32{-1, -1, -1, -1, -1, 5, -1}}, // the same
		{words, []string{"xylophonequad ok"}, []int32{-1, 1, 1, 1, 1, 1, 1, 1, 1, 9, 9, -1}},            // _ x y lo phone q u ad, o k
		{words, []string{"xylophonequadril ok"}, []int32{-1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, -1}},
		{words, []string{"☃"}, []int32{-1, 1, -1, -1}}, // _ <unk>
		{words, []string{"", ""}, nil},
	} {
		e, input := &tokenizer.Encoding{Offsets: true}, slices.Clone(test.texts)
		for i := range input {
			input[i] = test.keys.Prefix + input[i]
		}
		if err := tok.EncodeInto(e, tokenizer.Truncation{}, input...); err != nil {
			t.Fatal(err)
		}
		if got := test.keys.units(e, tok); !slices.Equal(got, test.want) || (got == nil) != (test.want == nil) {
			t.Errorf("%q: units are %v, want %v", test.texts, got, test.want)
		}
	}
}
