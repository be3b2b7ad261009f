package text

import (
	"fmt"
	"testing"
)

// TestTally holds memory to its bound, and frequent words to their counts.
func TestTally(t *testing.T) {
	const limit = 1000
	all := Tally{}
	for i := range 50 {
		one := Tally{}
		one.Add("often", 2)
		for j := range limit / 10 {
			one.Add(fmt.Sprint(i, j), 1)
		}
		if all.Merge(one, limit); len(all) > limit {
			t.Fatalf("%d words", len(all))
		}
	}
	for word, count := range all.Sorted() {
		if word != "often" || count != 100 {
			t.Errorf("%s is first, %d times", word, count)
		}
		break
	}
}
