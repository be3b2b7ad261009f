package train

// A scratch hands out parts of one slab, so that a step allocates next to nothing. What the slab is too short for is
// allocated on the spot, and the next reset makes the slab long enough.
type scratch struct {
	slab []float32
	used int
}

// take returns n zeros.
func (s *scratch) take(n int) []float32 {
	begin := s.used
	if s.used += n; s.used > len(s.slab) {
		return make([]float32, n)
	}
	x := s.slab[begin:s.used:s.used]
	clear(x)
	return x
}

func (s *scratch) reset() {
	if s.used > len(s.slab) {
		s.slab = make([]float32, s.used)
	}
	s.used = 0
}
