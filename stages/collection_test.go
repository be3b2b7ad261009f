package stages

import (
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/retrieve"
)

// TestCollectionPassages asks a collection in which the four nearest rows are passages of one document.
func TestCollectionPassages(t *testing.T) {
	c := &Collection{}
	c.rows.reset(2)
	for i, id := range []string{"a", "a", "b", "a", "c", "a"} {
		c.rows.rows = append(c.rows.rows, retrieve.Document{Language: "en", ID: id})
		c.rows.vectors = append(c.rows.vectors, []float32{9, 8, 5, 7, 4, 6}[i], 0)
	}
	if err := c.Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	for top, want := range map[int][]string{1: {"a"}, 2: {"a", "b"}, 3: {"a", "b", "c"}, 9: {"a", "b", "c"}} {
		hits, err := c.nearest(t.Context(), []float32{1, 0}, top)
		var got []string
		for _, h := range hits {
			got = append(got, h.ID)
		}
		if err != nil || !slices.Equal(got, want) || hits[0].Score != 9 {
			t.Errorf("the best %d are %v, %v; want %v", top, hits, err, want)
		}
	}
}
