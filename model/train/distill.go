package train

import (
	"errors"
	"fmt"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/ot"
)

// Distill trains a student so that its tokens (losses ot, greedy) and sentence vectors (the other losses) of
// translated pairs come to lie where the teacher has those of the source text.
//
// Both sides are trained towards the teacher's source text, so that the student keeps that language: each loss is the mean
// over the two. Leave StudentSource empty to train the target side alone. The contrastive loss sets the student's vectors
// against the teacher's vectors of all source texts in the batch. Sample i is text i of each Ragged; all ids include their
// special tokens.
type Distill struct {
	Teacher       *encoder.Encoder   // frozen; only runs forward, on the fly
	Others        []*encoder.Encoder // more teachers, of its tokenizer and its space: see council
	TeacherIDs    Ragged             // source texts, by the teacher's tokenizer
	StudentSource Ragged             // source texts, by the student's tokenizer; may be empty
	StudentTarget Ragged             // target texts, by the student's tokenizer
	Languages     []string           // of the target texts, for warnings of those that go astray; may be empty

	TeacherContent, StudentContent Content // which tokens carry mass in ot and greedy

	Losses      []Loss
	Solve       ot.Solve   // for ot
	Solver      ot.Options // for ot
	Marginals   string     // masses of tokens in ot and greedy: Uniform, Norm, IDF or Attention, that of the first teacher
	Centre      []float32  // (hidden) subtracted from both sides before the cost, see MeanTokenVector; nil: nothing
	Temperature float64    // for contrastive, and for how sure teachers are where there are several
	BothSides   bool       // contrastive sets translations against the student's own vectors of source texts, not the teacher's
}

// NewDistill returns a Distill with the default solver (Sinkhorn, epsilon 0.02, 100 iterations), uniform masses, temperature 0.05 and ot as its
// only loss. The caller sets the rest.
func NewDistill() Distill {
	return Distill{Losses: []Loss{{OT, 1}}, Solve: ot.Sinkhorn, Solver: ot.DefaultOptions(), Marginals: Uniform, Temperature: 0.05}
}

// sides are the texts that the student encodes.
func (d Distill) sides() []Ragged {
	if d.StudentSource.Sequences() == 0 {
		return []Ragged{d.StudentTarget}
	}
	return []Ragged{d.StudentSource, d.StudentTarget}
}

func (d Distill) objective() objective {
	o := objective{sides: d.sides(), teacher: d.Teacher, teacherIDs: d.TeacherIDs, languages: d.Languages}
	if len(d.Others) > 0 {
		o.council = &council{teachers: append([]*encoder.Encoder{d.Teacher}, d.Others...), ids: d.TeacherIDs, temperature: d.Temperature}
	}
	var teacherIDF, studentIDF []float32
	if d.Marginals == IDF {
		teacherIDF, studentIDF = inverseDocumentFrequency(d.TeacherIDs), inverseDocumentFrequency(o.sides...)
	}
	transport := transported{told: true, teacher: d.TeacherContent, student: d.StudentContent, solve: d.Solve, options: d.Solver, centre: d.Centre,
		marginals: d.Marginals, teacherIDF: teacherIDF, studentIDF: studentIDF}
	for _, l := range d.Losses {
		if d.Marginals == Attention && l.Weight > 0 && (l.Name == OT || l.Name == Greedy) {
			o.attended = &attended{d.TeacherContent, d.StudentContent}
		}
		var work any
		switch l.Name {
		case OT:
			work = transport
		case Greedy:
			nearest := transport
			nearest.solve, nearest.told = greedy, false
			work = nearest
		case PooledMSE:
			work = pooled{times: 1}
		case PooledCosine:
			work = pooled{times: 0.5}
		case ContrastiveLoss:
			work = taught{temperature: float32(d.Temperature)}
			if d.BothSides {
				work = own{temperature: float32(d.Temperature)}
			}
		}
		o.terms = append(o.terms, term{l, work})
	}
	return o
}

func (d Distill) check(student *encoder.Encoder) error {
	if err := checkSides(student, d.sides()...); err != nil {
		return err
	}
	return errors.Join(d.checkTeacher(student), d.checkLosses())
}

func (d Distill) checkTeacher(student *encoder.Encoder) error {
	if err := d.Teacher.Check(d.TeacherIDs); err != nil {
		return fmt.Errorf("teacher: %w", err)
	}
	width := student.Config.Width()
	for i, other := range d.Others {
		if err := other.Check(d.TeacherIDs); err != nil {
			return fmt.Errorf("teacher %d: %w", i+2, err)
		}
		switch {
		case other == student:
			return errors.New("a teacher is the student itself, and would change with it: train a clone")
		case other.Config.Width() != width:
			return fmt.Errorf("the vectors of teacher %d have %d dimensions and the student's %d: they must be equal", i+2, other.Config.Width(), width)
		}
	}
	if len(d.Others) > 0 {
		if err := checkTemperature(d.Temperature); err != nil {
			return err
		}
	}
	switch {
	case d.Teacher == student:
		return errors.New("the teacher is the student itself, and would change with it: train a clone")
	case d.TeacherIDs.Sequences() != d.StudentTarget.Sequences():
		return fmt.Errorf("the teacher has %d texts, the student %d", d.TeacherIDs.Sequences(), d.StudentTarget.Sequences())
	case d.Teacher.Config.Width() != width:
		return fmt.Errorf("the teacher's vectors have %d dimensions and the student's %d: they must be equal", d.Teacher.Config.Width(), width)
	case d.Centre != nil && len(d.Centre) != width:
		return fmt.Errorf("the centre has %d dimensions and the vectors %d", len(d.Centre), width)
	}
	return nil
}

func (d Distill) checkLosses() error {
	for _, l := range d.Losses {
		if l.Name == ContrastiveLoss && l.Weight > 0 {
			if d.BothSides && d.StudentSource.Sequences() == 0 {
				return errors.New("the contrastive loss between both sides needs source texts")
			}
			if err := checkTemperature(d.Temperature); err != nil {
				return err
			}
		}
	}
	return checkLosses(d.Losses, OT, Greedy, PooledCosine, PooledMSE, ContrastiveLoss)
}
