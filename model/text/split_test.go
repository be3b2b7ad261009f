package text

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// TestPlace compares with what Python says: int.from_bytes(sha256((salt + id).encode()).digest()[:8]) >> 11, over 2**53.
func TestPlace(t *testing.T) {
	for _, c := range []struct {
		salt, id string
		want     float64
	}{
		{"", "0", 0.374708855291631},
		{"", "d1", 0.5442411673913502},
		{"", "mtop-eval-17", 0.7837232020011767},
		{"again", "d1", 0.7818762558904596},
		{"", "ธ", 0.2975486068391269},
	} {
		if got := Place(c.salt, c.id); got != c.want {
			t.Errorf("%q + %q is at %v, want %v", c.salt, c.id, got, c.want)
		}
	}
}

// TestShares counts: shares hold what they should within five standard deviations, whatever salt, and a split of a share
// by another salt is one by chance.
func TestShares(t *testing.T) {
	const n = 20_000
	shares := map[string]float64{"test": 0.5, "adapt": 0.4, "dev": 0.1}
	first, second := NewSplit(shares, ""), NewSplit(map[string]float64{"half": 0.5}, "salt")
	if names := first.Names(); !slices.Equal(names, []string{"adapt", "dev", "test"}) {
		t.Fatalf("shares stand in the order %v", names)
	}
	counts, halves := make([]float64, 3), 0.0
	for i := range n {
		id := fmt.Sprint(i)
		share := first.Share(id)
		counts[share]++
		if share == 0 && second.Share(id) == 0 {
			halves++
		}
	}
	near := func(what string, got, of, p float64) {
		if math.Abs(got-of*p) > 5*math.Sqrt(of*p*(1-p)) {
			t.Errorf("%s: %v of %v rows, want about %v of them", what, got, of, p)
		}
	}
	for i, name := range first.Names() {
		near(name, counts[i], n, shares[name])
	}
	near("half of adapt", halves, counts[0], 0.5)
}

// TestEnds makes sure that shares whose sum is 1 but for rounding leave nothing out, and others do.
func TestEnds(t *testing.T) {
	tenths := map[string]float64{}
	for i := range 10 {
		tenths[fmt.Sprint(i)] = 0.1
	}
	if s := NewSplit(tenths, ""); s.bounds[9] != 1 {
		t.Errorf("ten tenths end at %v", s.bounds[9])
	}
	sample := NewSplit(map[string]float64{"sample": 0.37}, "")
	for id, want := range map[string]int{"0": -1, "ธ": 0, "d1": -1} { // at 0.3747, 0.2975 and 0.5442
		if got := sample.Share(id); got != want {
			t.Errorf("%q is in share %d, want %d", id, got, want)
		}
	}
}
