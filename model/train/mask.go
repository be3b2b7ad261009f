package train

import "math/rand/v2"

// Masking says which tokens are masked, and by what (arXiv 1810.04805).
type Masking struct {
	Share          float64 // probability that a unit, a token or a whole word, is to be guessed; each text has at least one
	Masked, Random float64 // of its tokens: the share that the mask token replaces, and that a random one does; others stay
	Token          int32   // the mask token
}

// NewMasking returns 15 % of the units, of which 80 % are masked, 10 % replaced at random and 10 % left. The caller sets Token.
func NewMasking() Masking { return Masking{Share: 0.15, Masked: 0.8, Random: 0.1} }

// source is the generator of a sample's masks in an epoch.
func source(seed uint64, epoch, sample int) *rand.Rand {
	return rand.New(rand.NewPCG(seed^0x6d61736b, uint64(epoch)<<32|uint64(sample)))
}

// mask replaces tokens of a text in place and appends the positions of all that are to be guessed to places, in order. Tokens
// of a unit follow each other with one number in units; those with -1 are left alone. Random tokens come from among.
func (m Masking) mask(places []int32, ids, units, among []int32, r *rand.Rand) []int32 {
	before, first := len(places), []int{} // of each unit
	for i, unit := range units {
		if unit >= 0 && (i == 0 || units[i-1] != unit) {
			first = append(first, i)
		}
	}
	for _, i := range first {
		if r.Float64() < m.Share {
			places = m.maskUnit(places, ids, units, among, i, r)
		}
	}
	if len(places) == before && len(first) > 0 {
		places = m.maskUnit(places, ids, units, among, first[r.IntN(len(first))], r)
	}
	return places
}

// maskUnit does so for the unit that begins at i.
func (m Masking) maskUnit(places, ids, units, among []int32, i int, r *rand.Rand) []int32 {
	for unit := units[i]; i < len(units) && units[i] == unit; i++ {
		switch x := r.Float64(); {
		case x < m.Masked:
			ids[i] = m.Token
		case x < m.Masked+m.Random:
			ids[i] = among[r.IntN(len(among))]
		}
		places = append(places, int32(i))
	}
	return places
}
