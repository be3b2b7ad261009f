package stages

import (
	"context"
	"fmt"
	"slices"

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

// foreignIDs is an error where a column's ids cannot have come from the tokenizer of m: beyond its vocabulary, or not between
// its special tokens. Such ids are other words to m, and what it makes of them would be taught without a sign of it.
func foreignIDs(table, column string, ids train.Ragged, key string, m *model.Model) error {
	frame, _ := m.Tokenizer.EncodeTruncated(nil, "", m.MaxTokens)
	first := ids.IDs[:ids.Offsets[1]]
	framed := len(frame) != 2 || first[0] == frame[0] && first[len(first)-1] == frame[1]
	if most := slices.Max(ids.IDs); !framed || int(most) >= m.Config.Vocabulary {
		return fmt.Errorf("the %s of %s were made by another tokenizer than that of the %s, which has %d tokens: give tokenize the same %s as distill",
			column, table, key, m.Config.Vocabulary, key)
	}
	return nil
}
