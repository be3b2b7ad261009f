package train

// Content tells which tokens of a text stand for the text itself: neither special tokens nor those of a prefix.
type Content struct {
	Special func(id int32) bool // nil: none is
	Prefix  int                 // number of tokens at the beginning, without special ones, that are not the text's own
}

// Count is the number of content tokens in a text.
func (c Content) Count(ids []int32) int {
	n := -c.Prefix
	for _, id := range ids {
		if c.Special == nil || !c.Special(id) {
			n++
		}
	}
	return max(0, n)
}

// places appends the positions of the content tokens of sequence i, or of all its tokens if there are none.
func (c Content) places(to []int32, r Ragged, i int) []int32 {
	before, prefix := len(to), c.Prefix
	for t := r.Offsets[i]; t < r.Offsets[i+1]; t++ {
		switch {
		case c.Special != nil && c.Special(r.IDs[t]):
		case prefix > 0:
			prefix--
		default:
			to = append(to, t)
		}
	}
	if len(to) == before {
		for t := r.Offsets[i]; t < r.Offsets[i+1]; t++ {
			to = append(to, t)
		}
	}
	return to
}
