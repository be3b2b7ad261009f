package stages

import (
	"context"
	"fmt"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// teacherKey is the key of one of the teachers beside the first.
func teacherKey(i int) string { return fmt.Sprintf("teachers[%d]", i) }

// differing tells which of the teachers cannot be of the first one's tokenizer or space.
func (d *Distill) differing(in Types, first model.Info) (found []schemas.Mistake) {
	for i := range d.Teachers {
		other, ok := in.Models[teacherKey(i)]
		switch {
		case !ok:
		case other.Config.Width() != first.Config.Width():
			found = append(found, schemas.Mistake{Key: "teachers", Problem: fmt.Sprintf("the vectors of %s have %d dimensions, those of teacher %d; all teachers need one space", d.Teachers[i], other.Config.Width(), first.Config.Width())})
		case other.Config.Vocabulary != first.Config.Vocabulary:
			found = append(found, schemas.Mistake{Key: "teachers", Problem: fmt.Sprintf("%s has %d tokens, teacher %d; all teachers need one tokenizer", d.Teachers[i], other.Config.Vocabulary, first.Config.Vocabulary)})
		}
	}
	return found
}

// gather adds the teachers beside the first.
func (d *Distill) gather(job Job, t *train.Distill) error {
	for i, name := range d.Teachers {
		other := job.Models[teacherKey(i)]
		if !other.SharesTokenizer(job.Models["teacher"]) {
			return fmt.Errorf("%s and %s have different tokenizers: all teachers read the ids that tokenize made with one", d.Teacher, name)
		}
		t.Others = append(t.Others, other.Encoder)
	}
	return nil
}

// centreOf is the mean over the teachers of their mean token vectors.
func centreOf(ctx context.Context, t train.Distill, workers int) ([]float32, error) {
	centre, err := train.MeanTokenVector(ctx, t.Teacher, t.TeacherIDs, t.TeacherContent, workers)
	for _, other := range t.Others {
		if err != nil {
			return nil, err
		}
		var mean []float32
		if mean, err = train.MeanTokenVector(ctx, other, t.TeacherIDs, t.TeacherContent, workers); err == nil {
			kernel.Add(centre, mean)
		}
	}
	if len(t.Others) > 0 {
		kernel.Scale(1/float32(1+len(t.Others)), centre)
	}
	return centre, err
}
