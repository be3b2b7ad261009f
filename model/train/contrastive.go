package train

import (
	"errors"
	"fmt"

	"github.com/ferry-clir/ferry/model/encoder"
)

// Contrastive trains an encoder to place a query's sentence vector near its own document's. Its losses are contrastive, which
// sets the query against all other documents of the batch, hard negatives included, and score_kl, which makes its scores of
// its own document and hard negatives as different from each other as a teacher's.
//
// Sample i is query i with document i and text i of each of the Negatives; ids include their special tokens.
type Contrastive struct {
	Queries, Documents Ragged
	Negatives          []Ragged // may be none

	// Masked, unless nil, tells whether query i is not to be set against document k of sample j, because it answers the
	// query too: document 0 is the sample's own, those from 1 on are its negatives. A sample's own document is never asked
	// for. A masked negative of sample i itself is left out of score_kl as well.
	Masked func(i, j, k int) bool

	Losses             []Loss
	Temperature        float64   // of the student's scores, which are cosines
	TeacherScores      []float32 // (samples, 1 + len(Negatives)), for score_kl
	TeacherTemperature float64   // of these
}

// NewContrastive returns a Contrastive with temperatures of 0.05 and contrastive as its only loss. The caller sets the rest.
func NewContrastive() Contrastive {
	return Contrastive{Losses: []Loss{{ContrastiveLoss, 1}}, Temperature: 0.05, TeacherTemperature: 0.05}
}

// sides are queries, documents, and negatives.
func (c Contrastive) sides() []Ragged {
	return append([]Ragged{c.Queries, c.Documents}, c.Negatives...)
}

func (c Contrastive) objective() objective {
	o := objective{sides: c.sides()}
	for _, l := range c.Losses {
		switch l.Name {
		case ContrastiveLoss:
			o.terms = append(o.terms, term{l, matched{float32(c.Temperature), c.Masked}})
		case ScoreKL:
			o.terms = append(o.terms, term{l, scored{float32(c.Temperature), float32(c.TeacherTemperature), c.TeacherScores, c.Masked}})
		}
	}
	return o
}

func (c Contrastive) check(student *encoder.Encoder) error {
	if err := checkSides(student, c.sides()...); err != nil {
		return err
	}
	if err := errors.Join(checkTemperature(c.Temperature), checkLosses(c.Losses, ContrastiveLoss, ScoreKL)); err != nil {
		return err
	}
	for _, l := range c.Losses {
		if l.Name != ScoreKL || l.Weight == 0 {
			continue
		}
		if err := checkTemperature(c.TeacherTemperature); err != nil {
			return fmt.Errorf("teacher: %w", err)
		}
		if want := c.Queries.Sequences() * (1 + len(c.Negatives)); len(c.Negatives) == 0 || len(c.TeacherScores) != want {
			return fmt.Errorf("score_kl needs negatives, and a teacher's score of each document: there are %d negatives a sample and %d scores", len(c.Negatives), len(c.TeacherScores))
		}
		if !finite(sum(c.TeacherScores)) {
			return errors.New("a score of the teacher is not a number")
		}
	}
	return nil
}

// matched is the contrastive loss of queries, the first side of a batch, against the documents of all others.
type matched struct {
	temperature float32
	masked      func(i, j, k int) bool
}

func (c matched) join(b *batch, scale float32) float64 {
	half, samples := b.n*b.d, b.samples()
	masked := func(i, j int) bool {
		return c.masked != nil && c.masked(samples[i], samples[j%b.n], j/b.n)
	}
	return infoNCE(b.dVectors[:half], b.dVectors[half:], b.vectors[:half], b.vectors[half:], b.d, c.temperature, scale, masked)
}

// scored is the loss score_kl.
type scored struct {
	temperature, teacherTemperature float32
	teacher                         []float32 // (samples of the run, documents)
	masked                          func(i, j, k int) bool
}

func (c scored) join(b *batch, scale float32) float64 {
	half, samples, documents := b.n*b.d, b.samples(), b.sides-1
	targets := make([]float32, 0, b.n*documents)
	for _, sample := range samples {
		targets = append(targets, c.teacher[sample*documents:(sample+1)*documents]...)
	}
	masked := func(i, k int) bool { return c.masked != nil && c.masked(samples[i], samples[i], k) }
	return scoreKL(b.dVectors[:half], b.dVectors[half:], b.vectors[:half], b.vectors[half:], targets, b.d, c.temperature, c.teacherTemperature, scale, masked)
}
