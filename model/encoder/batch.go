package encoder

import "fmt"

// A Batch holds sequences of token ids without padding: sequence i is IDs[Offsets[i]:Offsets[i+1]], so Offsets has one
// element more than there are sequences.
type Batch struct {
	IDs     []int32
	Offsets []int32
}

// Sequences is the number of sequences.
func (b Batch) Sequences() int { return max(0, len(b.Offsets)-1) }

func (b Batch) bounds(sequence int) (begin, end int) {
	return int(b.Offsets[sequence]), int(b.Offsets[sequence+1])
}

// Check tells what is wrong with a batch that did not come from this model's own tokenizer. Sequences count from 0.
// Forward relies on a batch that Check accepts, and panics on some of the others.
func (e *Encoder) Check(b Batch) error {
	if len(b.Offsets) == 0 || b.Offsets[0] != 0 || int(b.Offsets[len(b.Offsets)-1]) != len(b.IDs) {
		return fmt.Errorf("checking batch: offsets do not run from 0 to %d, the number of tokens", len(b.IDs))
	}
	for i := range b.Sequences() {
		begin, end := b.bounds(i)
		switch n := end - begin; {
		case n < 0 || end > len(b.IDs):
			return fmt.Errorf("checking batch: sequence %d runs from token %d to %d of %d", i, begin, end, len(b.IDs))
		case n == 0:
			return fmt.Errorf("checking batch: sequence %d is empty", i)
		case n > e.Config.MaxTokens():
			return fmt.Errorf("checking batch: sequence %d has %d tokens, the model takes %d", i, n, e.Config.MaxTokens())
		}
		for j, id := range b.IDs[begin:end] {
			if id < 0 || int(id) >= e.Config.Vocabulary {
				return fmt.Errorf("checking batch: token %d of sequence %d has id %d, the vocabulary has %d", j, i, id, e.Config.Vocabulary)
			}
		}
	}
	return nil
}
