package train

import (
	"math/rand/v2"

	"github.com/ferry-clir/ferry/model/encoder"
)

// Ragged holds the token ids of many texts without padding: text i is IDs[Offsets[i]:Offsets[i+1]]. It is laid out as
// the encoder's batches are, but holds all samples of a run.
type Ragged = encoder.Batch

func text(r Ragged, i int) []int32 { return r.IDs[r.Offsets[i]:r.Offsets[i+1]] }

// pick overwrites dst with the given texts of all sides: those of the first side, then those of the second.
func pick(dst *Ragged, samples []int, sides ...Ragged) {
	dst.IDs, dst.Offsets = dst.IDs[:0], append(dst.Offsets[:0], 0)
	for _, side := range sides {
		for _, i := range samples {
			dst.IDs = append(dst.IDs, text(side, i)...)
			dst.Offsets = append(dst.Offsets, int32(len(dst.IDs)))
		}
	}
}

// shuffled returns the numbers below n in an order that depends on seed and epoch alone.
func shuffled(n int, seed uint64, epoch int) []int {
	return rand.New(rand.NewPCG(seed, uint64(epoch))).Perm(n)
}
