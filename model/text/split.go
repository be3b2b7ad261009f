package text

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
)

// Place puts an id on the line from 0 to 1, 1 excluded: the first 53 bits of SHA-256(salt + id) as a fraction. It
// depends on nothing else, so that an id has the same place in every file and every language, and in a program in any
// other language: int.from_bytes(sha256(salt + id).digest()[:8]) >> 11, over 2^53, in Python.
func Place(salt, id string) float64 {
	sum := sha256.Sum256([]byte(salt + id))
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}

// A Split cuts the line from 0 to 1 into shares.
type Split struct {
	salt   string
	names  []string  // sorted
	bounds []float64 // where each share ends and the next begins
}

// NewSplit lays shares out on the line in the order of their names, the first from 0. They are positive and their sum is
// at most 1, but for rounding; ids beyond the last are in none.
func NewSplit(shares map[string]float64, salt string) *Split {
	s := &Split{salt: salt}
	for name := range shares {
		s.names = append(s.names, name)
	}
	slices.Sort(s.names)
	end := 0.0
	for _, name := range s.names {
		end += shares[name]
		s.bounds = append(s.bounds, end)
	}
	if last := len(s.bounds) - 1; last >= 0 && math.Abs(end-1) < 1e-9 {
		s.bounds[last] = 1
	}
	return s
}

// Names are the shares' names, sorted.
func (s *Split) Names() []string { return s.names }

// Share returns the number of the id's share in Names, or -1.
func (s *Split) Share(id string) int {
	place := Place(s.salt, id)
	return slices.IndexFunc(s.bounds, func(end float64) bool { return place < end })
}
