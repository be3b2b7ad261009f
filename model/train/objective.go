package train

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/model/encoder"
)

// The names of the losses.
const (
	OT              = "ot"            // transport of content tokens by the entropic plan, mean of <P, C> over sequences
	Greedy          = "greedy"        // the same with every teacher token sent to its cheapest student token
	PooledCosine    = "pooled_cosine" // 1 less the cosine of sentence vectors, mean over sequences: half of pooled_mse
	PooledMSE       = "pooled_mse"    // squared distance of sentence vectors of length 1, mean over sequences
	ContrastiveLoss = "contrastive"   // in-batch InfoNCE of sentence vectors, mean over samples
	MLMLoss         = "mlm"           // cross-entropy of masked tokens, mean over those of a batch
	ScoreKL         = "score_kl"      // divergence of the scores of a query's own documents from a teacher's, mean over samples
)

// MaskedAccuracy is the name of the share of masked tokens that are guessed, which is told beside the loss mlm.
const MaskedAccuracy = "masked_accuracy"

// The losses of Adversarial, and what is told beside them.
const (
	DiscriminatorLoss     = "discriminator"          // cross-entropy of the languages of texts, mean over those of a batch
	AnchorLoss            = "anchor"                 // pooled_mse to the encoder in the beginning, mean over the texts of a batch
	DiscriminatorAccuracy = "discriminator_accuracy" // share of the texts of a batch whose language is recognised
)

// A Loss is one term of the weighted sum that a run minimises.
type Loss struct {
	Name   string
	Weight float64
}

// A Job is what a run trains for, such as Distill or Contrastive.
type Job interface {
	// check tells what of the job cannot be trained with this student.
	check(student *encoder.Encoder) error
	objective() objective
}

// An objective is a job as the loop sees it.
type objective struct {
	sides []Ragged // what the student encodes: text i of each belongs to sample i
	terms []term
	heads []*head // that the terms bring

	state [][]float32 // what else the terms carry from step to step: it is saved with the run

	ofTokens bool // all losses are of tokens: that sentence vectors are alike is no collapse

	teacher    *encoder.Encoder // nil: there is none
	languages  []string         // of the samples' targets
	teacherIDs Ragged
	council    *council // of the teacher and others; nil: it is alone

	attended *attended // nil: no masses are of attention
}

// A term is a loss with its weight. Its work is inner, spanning or both, or told; it may be prepared and finished, too.
type term struct {
	Loss
	work any
}

// An inner loss is a sum over the texts of one side.
type inner interface {
	// within returns that sum over the texts of a micro-batch, and adds scale times its gradient to m.dHidden, to those
	// rows of b.dVectors, or to m.gradient of a head. It runs on several micro-batches at a time.
	within(b *batch, m *microBatch, side int, scale float32) (float64, error)
}

// A spanning loss is one of the sentence vectors of the whole batch.
type spanning interface {
	// join returns that loss, and adds scale times its gradient to b.dVectors or to the gradient of a head.
	join(b *batch, scale float32) float64
}

// A prepared loss has something to do in each step, once the batch is loaded: it may replace the student's tokens.
type prepared interface{ prepare(t *trainer) }

// A finished one has, once the gradients are there: it may add to them.
type finished interface{ finish(t *trainer) }

// A told term is a measure of the batch that is written beside the losses.
type told interface{ tell() float64 }

func (o objective) samples() int { return o.sides[0].Sequences() }

// spans tells whether there is a spanning loss with a weight.
func (o objective) spans() bool {
	return slices.ContainsFunc(o.terms, func(t term) bool {
		_, ok := t.work.(spanning)
		return ok && t.Weight > 0
	})
}

// tokens are the student's tokens of every sample.
func (o objective) tokens() []int {
	all := make([]int, o.samples())
	for _, side := range o.sides {
		for i := range all {
			all[i] += len(text(side, i))
		}
	}
	return all
}

// checkSides tells what of the texts a student cannot read.
func checkSides(student *encoder.Encoder, sides ...Ragged) error {
	for _, side := range sides {
		if err := student.Check(side); err != nil {
			return err
		}
		if side.Sequences() != sides[0].Sequences() {
			return fmt.Errorf("one side has %d texts, the other %d", sides[0].Sequences(), side.Sequences())
		}
	}
	if sides[0].Sequences() == 0 {
		return errors.New("there are no samples")
	}
	return nil
}

// checkLosses tells what is wrong with the losses of a job that knows those of the names.
func checkLosses(losses []Loss, names ...string) error {
	sum := 0.0
	for i, l := range losses {
		if !slices.Contains(names, l.Name) {
			return fmt.Errorf("unknown loss %q: there are %s and %s", l.Name, strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
		}
		if !(l.Weight >= 0) || !finite(l.Weight) {
			return fmt.Errorf("the weight of loss %s is %v", l.Name, l.Weight)
		}
		if slices.ContainsFunc(losses[:i], func(before Loss) bool { return before.Name == l.Name }) {
			return fmt.Errorf("loss %s is given twice", l.Name)
		}
		sum += l.Weight
	}
	if sum == 0 {
		return errors.New("no loss has a weight")
	}
	return nil
}

func checkTemperature(temperature float64) error {
	if !(temperature > 0) {
		return fmt.Errorf("temperature is %v, and must be above 0", temperature)
	}
	return nil
}
