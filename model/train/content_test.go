package train

import (
	"slices"
	"testing"
)

func TestContentLeavesOutSpecialTokensAndThePrefix(t *testing.T) {
	r := Ragged{IDs: []int32{0, 7, 8, 9, 2, 0, 7, 8, 2}, Offsets: []int32{0, 5, 9}}
	special := func(id int32) bool { return id == 0 || id == 2 }
	for _, c := range []struct {
		content Content
		text    int
		want    []int32
	}{
		{Content{}, 0, []int32{0, 1, 2, 3, 4}},
		{Content{Special: special}, 0, []int32{1, 2, 3}},
		{Content{Special: special, Prefix: 2}, 0, []int32{3}},
		{Content{Special: special, Prefix: 2}, 1, []int32{5, 6, 7, 8}}, // nothing but the prefix: all
	} {
		if got := c.content.places(nil, r, c.text); !slices.Equal(got, c.want) {
			t.Errorf("text %d with a prefix of %d has content at %v, want %v", c.text, c.content.Prefix, got, c.want)
		}
	}
}
