package train

import (
	"errors"
	"fmt"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/ot"
)

// The names of the losses.
const (
	OT              = "ot"          // transport of content tokens by the entropic plan, mean of <P, C> over sequences
	Greedy          = "greedy"      // the same with every teacher token sent to its cheapest student token
	PooledMSE       = "pooled_mse"  // squared distance of sentence vectors of length 1, mean over sequences
	ContrastiveLoss = "contrastive" // in-batch InfoNCE of sentence vectors, mean over samples
)

// A Loss is one term of the weighted sum that a run minimises.
type Loss struct {
	Name   string
	Weight float64
}

// A Job is what a run trains for: Distill or Contrastive.
type Job interface {
	objective() objective
}

// Distill trains a student so that its tokens (losses ot, greedy) and sentence vectors (pooled_mse, contrastive) of
// translated pairs come to lie where the teacher has those of the source text.
//
// Both sides are trained towards the teacher's source text, so that the student keeps that language: each loss is the mean
// over the two. Leave StudentSource empty to train the target side alone. The contrastive loss sets the student's vectors
// against the teacher's vectors of all source texts in the batch. Sample i is text i of each Ragged; all ids include their
// special tokens.
type Distill struct {
	Teacher       *encoder.Encoder // frozen; only runs forward, on the fly
	TeacherIDs    Ragged           // source texts, by the teacher's tokenizer
	StudentSource Ragged           // source texts, by the student's tokenizer; may be empty
	StudentTarget Ragged           // target texts, by the student's tokenizer

	TeacherContent, StudentContent Content // which tokens carry mass in ot and greedy

	Losses      []Loss
	Solve       ot.Solve   // for ot
	Solver      ot.Options // for ot
	Marginals   string     // masses of tokens in ot and greedy: Uniform, Norm or IDF
	Centre      []float32  // (hidden) subtracted from both sides before the cost, see MeanTokenVector; nil: nothing
	Temperature float64    // for contrastive
}

// NewDistill returns a Distill with the default solver (Sinkhorn, epsilon 0.02, 100 iterations), uniform masses, temperature 0.05 and ot as its
// only loss. The caller sets the rest.
func NewDistill() Distill {
	return Distill{Losses: []Loss{{OT, 1}}, Solve: ot.Sinkhorn, Solver: ot.DefaultOptions(), Marginals: Uniform, Temperature: 0.05}
}

func (d Distill) objective() objective {
	o := objective{Distill: d, sides: []Ragged{d.StudentSource, d.StudentTarget}}
	if d.StudentSource.Sequences() == 0 {
		o.sides = o.sides[1:]
	}
	if d.Marginals == IDF {
		o.teacherIDF = inverseDocumentFrequency(d.TeacherIDs)
		o.studentIDF = inverseDocumentFrequency(o.sides...)
	}
	return o
}

// Contrastive trains an encoder so that a query's sentence vector is nearer to its own document's than to those of the
// other documents in the batch. Sample i is query i with document i; ids include their special tokens.
type Contrastive struct {
	Queries, Documents Ragged
	Temperature        float64
}

// NewContrastive returns a Contrastive with temperature 0.05. The caller sets the rest.
func NewContrastive() Contrastive { return Contrastive{Temperature: 0.05} }

func (c Contrastive) objective() objective {
	return objective{Distill: Distill{Losses: []Loss{{ContrastiveLoss, 1}}, Temperature: c.Temperature},
		sides: []Ragged{c.Queries, c.Documents}}
}

// An objective is a job as the loop sees it. Without a teacher, the contrastive loss is between its two sides.
type objective struct {
	Distill
	sides []Ragged // what the student encodes

	teacherIDF, studentIDF []float32 // by token id, where marginals are IDF
}

func (o objective) samples() int { return o.sides[0].Sequences() }

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

// weight is the weight of the loss of that name, or 0.
func (o objective) weight(name string) float64 {
	for _, l := range o.Losses {
		if l.Name == name {
			return l.Weight
		}
	}
	return 0
}

// check tells what of the job cannot be trained with this student.
func (o objective) check(student *encoder.Encoder) error {
	for _, side := range o.sides {
		if err := student.Check(side); err != nil {
			return err
		}
		if side.Sequences() != o.samples() {
			return fmt.Errorf("one side has %d texts, the other %d", o.samples(), side.Sequences())
		}
	}
	if o.samples() == 0 {
		return errors.New("there are no samples")
	}
	if !(o.Temperature > 0) && o.weight(ContrastiveLoss) > 0 {
		return fmt.Errorf("temperature is %v, and must be above 0", o.Temperature)
	}
	if o.Teacher == nil {
		return nil
	}
	return errors.Join(o.checkTeacher(student), o.checkLosses())
}

func (o objective) checkTeacher(student *encoder.Encoder) error {
	if err := o.Teacher.Check(o.TeacherIDs); err != nil {
		return fmt.Errorf("teacher: %w", err)
	}
	d := student.Config.Hidden
	switch {
	case o.Teacher == student:
		return errors.New("the teacher is the student itself, and would change with it: train a clone")
	case o.TeacherIDs.Sequences() != o.samples():
		return fmt.Errorf("the teacher has %d texts, the student %d", o.TeacherIDs.Sequences(), o.samples())
	case o.Teacher.Config.Hidden != d:
		return fmt.Errorf("the teacher's vectors have %d dimensions and the student's %d: they must be equal", o.Teacher.Config.Hidden, d)
	case o.Centre != nil && len(o.Centre) != d:
		return fmt.Errorf("the centre has %d dimensions and the vectors %d", len(o.Centre), d)
	}
	return nil
}

func (o objective) checkLosses() error {
	sum := 0.0
	for i, l := range o.Losses {
		switch l.Name {
		case OT, Greedy, PooledMSE, ContrastiveLoss:
		default:
			return fmt.Errorf("unknown loss %q: there are %s, %s, %s and %s", l.Name, OT, Greedy, PooledMSE, ContrastiveLoss)
		}
		if !(l.Weight >= 0) || !finite(l.Weight) {
			return fmt.Errorf("the weight of loss %s is %v", l.Name, l.Weight)
		}
		for _, before := range o.Losses[:i] {
			if before.Name == l.Name {
				return fmt.Errorf("loss %s is given twice", l.Name)
			}
		}
		sum += l.Weight
	}
	if sum == 0 {
		return errors.New("no loss has a weight")
	}
	return nil
}
