package stages

import (
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
)

// TestFlat makes a column of the buffer that was written into, empty lists among its rows.
func TestFlat(t *testing.T) {
	f := newFlat(3, 4)
	f.values = append(f.values, 1, 2, 3)
	f.end()
	f.end()
	f.values = append(f.values, 4)
	f.end()
	column := f.array().(*array.List)
	defer column.Release()
	for i, want := range [][]int32{{1, 2, 3}, {}, {4}} {
		if got := int32List(column, i); !slices.Equal(got, want) {
			t.Errorf("list %d is %v, want %v", i, got, want)
		}
	}
	if column.Len() != 3 || &int32List(column, 0)[0] != &f.values[0] {
		t.Error("the values were copied")
	}
	none := newFlat(0, 0).array()
	defer none.Release()
	if none.Len() != 0 {
		t.Errorf("no lists make a column of %d", none.Len())
	}
}
