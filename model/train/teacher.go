package train

import (
	"slices"

	"github.com/ferry-clir/ferry/model/encoder"
)

// teacherMemory is the most bytes of a teacher's hidden states that are kept for the next epoch.
const teacherMemory = 512 << 20

// A lesson is what the teacher makes of a text.
type lesson struct {
	hidden    []float32 // (tokens, d)
	attention []float32 // (tokens), if masses are of it: what each receives
}

// A teaching gives what the teacher makes of the samples. It keeps as much of that as fits into teacherMemory if the
// samples come again.
type teaching struct {
	objective
	kept []lesson // of the first samples; without hidden states until the teacher ran over them
}

func newTeaching(o objective, again bool) *teaching {
	t := &teaching{objective: o}
	if o.teacher == nil || !again {
		return t
	}
	n, size := 0, 4*(o.teacher.Config.Width()+1)
	for n < o.samples() && int(o.teacherIDs.Offsets[n+1])*size <= teacherMemory {
		n++
	}
	t.kept = make([]lesson, n)
	return t
}

// knows tells whether what the teacher makes of a sample is kept.
func (t *teaching) knows(sample int) bool {
	return sample < len(t.kept) && t.kept[sample].hidden != nil
}

// teach computes the teacher's hidden states and sentence vectors of a micro-batch.
func (t *teaching) teach(w *encoder.Workspace, b *batch, m *microBatch) {
	d := t.teacher.Config.Width()
	var missing []int
	for _, i := range m.samples {
		if !t.knows(i) {
			missing = append(missing, i)
		}
	}
	var fresh lesson
	if len(missing) > 0 {
		fresh = t.run(w, m, missing)
	}
	m.teacherHidden, m.teacherAttention = m.teacherHidden[:0], m.teacherAttention[:0]
	for _, i := range m.samples {
		var one lesson
		if t.knows(i) {
			one = t.kept[i]
		} else if one = fresh.cut(t.teacherIDs, i, d); i < len(t.kept) {
			t.kept[i] = lesson{slices.Clone(one.hidden), slices.Clone(one.attention)}
		}
		m.teacherHidden = append(m.teacherHidden, one.hidden...)
		m.teacherAttention = append(m.teacherAttention, one.attention...)
	}
	meanPool(b.rows(b.teacher, 0, m), m.teacherHidden, m.teacher.Offsets, d)
}

// run runs the teacher over some samples.
func (t *teaching) run(w *encoder.Workspace, m *microBatch, samples []int) (all lesson) {
	pick(&m.untaught, samples, t.teacherIDs)
	all.hidden = t.teacher.Forward(w, m.untaught)
	if t.attended != nil { // before others run with w
		all.attention = received(&m.memory, t.teacher, w, m.untaught, t.attended.teacher)
	}
	if t.council != nil {
		all.hidden = t.council.agree(w, m.untaught, samples, all.hidden)
	}
	return all
}

// cut takes what is of text i of r, which comes first, off x.
func (x *lesson) cut(r Ragged, i, d int) (first lesson) {
	n := len(text(r, i))
	first.hidden, x.hidden = x.hidden[:n*d], x.hidden[n*d:]
	if x.attention != nil {
		first.attention, x.attention = x.attention[:n], x.attention[n:]
	}
	return first
}
