package train

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ferry-clir/ferry/model/encoder"
)

// MLM goes on with the pre-training of an encoder: it guesses masked tokens of its texts (arXiv 1810.04805), or of pairs of
// a text and its translation in one input, so that it may look for a word in the other language (TLM, arXiv 1901.07291).
//
// The softmax is over the ids that occur in units of this run alone: with 250,002 of them, most of the work would be to learn
// that words of other languages do not occur. The loss is over that vocabulary, then, and runs with other texts are not
// comparable by it. The decoder is tied to the word embeddings, and frozen with them. The head is trained beside the encoder
// and goes when the run ends. Masks are drawn anew in each epoch, from the seed and the sample's number alone.
type MLM struct {
	Texts   Ragged  // with special tokens
	Units   []int32 // of every token of Texts: the number of what is masked as a whole with it; -1 for what never is, such as special tokens
	Masking Masking

	encoder *encoder.Encoder // whose head training starts from, if it came with one
}

// NewMLM returns an MLM of e or a clone of it, with 15 % of the units masked. The caller sets the rest.
func NewMLM(e *encoder.Encoder) MLM { return MLM{Masking: NewMasking(), encoder: e} }

func (m MLM) check(student *encoder.Encoder) error {
	if err := checkSides(student, m.Texts); err != nil {
		return err
	}
	k := m.Masking
	switch {
	case student.Config.Hidden != m.encoder.Config.Hidden || student.Config.Vocabulary != m.encoder.Config.Vocabulary:
		return errors.New("the encoder is of another size than the one that the job was made for")
	case student.Config.Projection > 0:
		return errors.New("the encoder has a projection, which the language modelling head knows nothing of: train it before it is distilled")
	case len(m.Units) != len(m.Texts.IDs):
		return fmt.Errorf("there are %d units for %d tokens", len(m.Units), len(m.Texts.IDs))
	case k.Token < 0 || int(k.Token) >= student.Config.Vocabulary:
		return fmt.Errorf("the mask token is %d, and there are %d tokens", k.Token, student.Config.Vocabulary)
	case !(k.Share > 0 && k.Share <= 1):
		return fmt.Errorf("the share of masks is %v, and must be above 0 and at most 1", k.Share)
	case !(k.Masked >= 0 && k.Random >= 0 && k.Masked+k.Random <= 1):
		return fmt.Errorf("the shares of masked and random tokens are %v and %v, and may come to no more than 1", k.Masked, k.Random)
	}
	for i := range m.Texts.Sequences() {
		if slices.Max(m.Units[m.Texts.Offsets[i]:m.Texts.Offsets[i+1]]) < 0 {
			return fmt.Errorf("text %d has no token that may be masked", i)
		}
	}
	return nil
}

func (m MLM) objective() objective {
	size := m.encoder.Config.Vocabulary
	ids, counts := m.vocabulary(size)
	g := &guessing{MLM: m, head: newLanguageHead(m.encoder, ids, counts), place: make([]int32, size)}
	for i, id := range ids {
		g.place[id] = int32(i)
	}
	o := objective{sides: []Ragged{m.Texts}, ofTokens: true, terms: []term{{Loss{MLMLoss, 1}, g}, {Loss{MaskedAccuracy, 0}, accuracy{g}}}}
	for i, weights := range [][]float32{g.head.Dense, g.head.DenseBias, g.head.Norm, g.head.NormBias, g.head.Bias} {
		g.heads[i] = o.addHead(weights, i == 0)
	}
	return o
}

// vocabulary are the ids that can be guessed, in order, and how often each occurs.
func (m MLM) vocabulary(size int) (ids []int32, counts []int) {
	all := make([]int, size)
	for i, id := range m.Texts.IDs {
		if m.Units[i] >= 0 {
			all[id]++
		}
	}
	for id, n := range all {
		if n > 0 {
			ids, counts = append(ids, int32(id)), append(counts, n)
		}
	}
	return ids, counts
}
