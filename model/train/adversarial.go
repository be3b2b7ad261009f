package train

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ferry-clir/ferry/model/encoder"
)

// What an encoder learns from to make a discriminator fail.
const (
	// Confusion is MoDIR's: the cross-entropy of the discriminator's guess to a uniform one. It is least where nothing can be
	// told, and there its gradient is 0.
	Confusion = "confusion"
	// Reversal is the discriminator's own gradient, reversed. It has no least: an encoder that is faster than the discriminator
	// runs past the point where nothing can be told, until all is told wrongly, which a fresh discriminator sees through.
	Reversal = "reversal"
)

// Adversarial takes out of an encoder's sentence vectors which language a text is in. A linear discriminator learns to tell
// the languages apart; the encoder learns to make it fail, from the gradient reversed (arXiv 1505.07818) or from its confusion. As in MoDIR (arXiv
// 2110.07581) the discriminator also learns from vectors of past batches, of which it sees more at a time than one batch has,
// while the encoder answers for its own. An anchor, the squared distance from where the encoder placed a text in the
// beginning, keeps it from placing all texts at one point, which would fool any discriminator.
//
// A text counts in the discriminator's loss by how rare its language is, so that all languages come to the same.
type Adversarial struct {
	Texts     Ragged  // with special tokens
	Languages []int32 // of every text, from 0

	Start  *encoder.Encoder // the encoder in the beginning; frozen
	Anchor float64          // the weight of the anchor
	Pivot  int32            // the language whose texts alone are anchored; -1 for all

	Adversary    string  // what the encoder learns from: Confusion or Reversal
	Lambda       float64 // its weight
	LambdaWarmup float64 // share of the steps over which it rises from 0
	Queue        int     // past vectors that the discriminator learns from
	Rate         float64 // learning rate of the discriminator, relative to the encoder's topmost layer
}

// NewAdversarial returns an Adversarial for clones of an encoder, with its defaults, which anchor all texts. The caller sets
// the rest.
func NewAdversarial(start *encoder.Encoder) Adversarial {
	return Adversarial{Start: start, Anchor: 1, Pivot: -1, Adversary: Confusion, Lambda: 0.1, LambdaWarmup: 0.3, Queue: 1024, Rate: 100}
}

func (a Adversarial) check(student *encoder.Encoder) error {
	if err := errors.Join(checkSides(student, a.Texts), a.checkLanguages()); err != nil {
		return err
	}
	switch {
	case a.Start == student:
		return errors.New("the start is the student itself, and would change with it: train a clone")
	case a.Start.Config.Width() != student.Config.Width():
		return errors.New("the start is of another width than the student")
	case !(a.Anchor >= 0 && a.Lambda >= 0) || !finite(a.Anchor+a.Lambda):
		return fmt.Errorf("anchor and lambda are %v and %v, and may not be negative", a.Anchor, a.Lambda)
	case a.Adversary != Confusion && a.Adversary != Reversal:
		return fmt.Errorf("unknown adversary %q: there are %s and %s", a.Adversary, Confusion, Reversal)
	case !(a.LambdaWarmup >= 0 && a.LambdaWarmup <= 1):
		return fmt.Errorf("the warm-up of lambda is %v, and must be between 0 and 1", a.LambdaWarmup)
	case a.Queue < 0 || a.Queue > MaxQueue:
		return fmt.Errorf("the queue is %d, and must be between 0 and %d", a.Queue, MaxQueue)
	case !(a.Rate > 0) || !finite(a.Rate):
		return fmt.Errorf("the rate of the discriminator is %v, and must be above 0", a.Rate)
	}
	return nil
}

// MaxQueue is the longest queue: it keeps places in the queue exact in float32.
const MaxQueue = 1 << 24

func (a Adversarial) checkLanguages() error {
	if len(a.Languages) != a.Texts.Sequences() {
		return fmt.Errorf("there are %d languages for %d texts", len(a.Languages), a.Texts.Sequences())
	}
	if slices.Min(a.Languages) < 0 || slices.Contains(a.counts(), 0) {
		return errors.New("languages are numbered from 0, without gaps")
	}
	if len(a.counts()) < 2 {
		return errors.New("all texts are in one language: there is nothing to tell apart")
	}
	if int(a.Pivot) >= len(a.counts()) {
		return fmt.Errorf("the pivot is language %d of %d", a.Pivot, len(a.counts()))
	}
	return nil
}

// counts are how many texts each language has.
func (a Adversarial) counts() []int {
	counts := make([]int, slices.Max(a.Languages)+1)
	for _, language := range a.Languages {
		counts[language]++
	}
	return counts
}

func (a Adversarial) objective() objective {
	o := objective{sides: []Ragged{a.Texts}}
	if a.Anchor > 0 {
		o.teacher, o.teacherIDs = a.Start, a.Texts
	}
	d := newDiscriminator(a, &o)
	o.terms = []term{{Loss{DiscriminatorLoss, 1}, d}, {Loss{AnchorLoss, a.Anchor}, anchored{a}}, {Loss{DiscriminatorAccuracy, 0}, recognised{d}}}
	return o
}

// anchored is the loss anchor: pooled_mse between what the student and the start make of a text.
type anchored struct{ Adversarial }

func (a anchored) within(b *batch, m *microBatch, side int, scale float32) (sum float64, _ error) {
	vectors, dVectors, start := b.rows(b.vectors, side, m), b.rows(b.dVectors, side, m), b.rows(b.teacher, 0, m)
	for i, sample := range m.samples {
		if a.Pivot < 0 || a.Languages[sample] == a.Pivot {
			from, to := i*b.d, (i+1)*b.d
			sum += pooledMSE(dVectors[from:to], vectors[from:to], start[from:to], b.d, scale)
		}
	}
	return sum, nil
}
