package audit

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/tokenizer"
)

func fixture(t *testing.T, name string) *tokenizer.Tokenizer {
	t.Helper()
	file, err := os.ReadFile("../tokenizer/testdata/fixtures/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	x, err := tokenizer.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestCounts holds the sums against those counted by hand. The fixture cuts "hello world , the inter" and knows no Greek but σ.
func TestCounts(t *testing.T) {
	a := New(fixture(t, "wordpiece"), 5)
	for _, s := range []string{"hello world, the inter", "hello ψ", "ψχ, χω!", "..."} {
		a.Add("xx", s)
	}
	a.Add("yy", "")
	got := map[Group]Counts{}
	for _, id := range a.Groups() {
		c := a.Counts(id)
		c.seen = nil
		got[id] = c
	}
	want := map[Group]Counts{
		{"xx", "Latn"}: {Texts: 2, Words: 6, Tokens: 7, Unknown: 1, Bytes: 30, Characters: 29, Cut: 1, Lost: 2},
		{"xx", "Grek"}: {Texts: 1, Words: 2, Tokens: 4, Unknown: 2, Bytes: 11, Characters: 7, Cut: 1, Lost: 1},
		{"xx", "Zyyy"}: {Texts: 1, Tokens: 3, Bytes: 3, Characters: 3},
		{"yy", "Zyyy"}: {Texts: 1},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestSplitWords wants the words that cost most first, and none of one piece or without spaces.
func TestSplitWords(t *testing.T) {
	a := New(fixture(t, "wordpiece"), 9)
	for range 3 {
		a.Add("xx", "hello interned ไทย")
	}
	a.Add("xx", "internation, internation")
	var got []string
	for _, w := range a.SplitWords(Group{"xx", "Latn"}, 9) {
		got = append(got, fmt.Sprintf("%s%d%v", w.Word, w.Count, w.Pieces))
	}
	want := []string{"internation2[inter ##n ##a ##t ##i ##o ##n]", "interned3[inter ##n ##ed]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestMerge wants the same sums, however texts are divided.
func TestMerge(t *testing.T) {
	x := fixture(t, "unigram")
	one, left, right := New(x, 4), New(x, 4), New(x, 4)
	for i, s := range []string{"hello world", "inter a b", "Ж", "hello hello", ""} {
		one.Add("xx", s)
		[]*Audit{left, right}[i%2].Add("xx", s)
	}
	left.Merge(right)
	if !reflect.DeepEqual(one.groups, left.groups) {
		t.Errorf("%+v and %+v", one.groups, left.groups)
	}
}
