package train

import "github.com/ferry-clir/ferry/model/encoder"

// teacherMemory is the most bytes of a teacher's hidden states that are kept for the next epoch.
const teacherMemory = 512 << 20

// A teaching gives what the teacher makes of the samples. It keeps as much of that as fits into teacherMemory if the
// samples come again.
type teaching struct {
	objective
	kept [][]float32 // of the first samples: (tokens, d), nil until the teacher ran over them
}

func newTeaching(o objective, again bool) *teaching {
	t := &teaching{objective: o}
	if o.teacher == nil || !again {
		return t
	}
	n, size := 0, 4*o.teacher.Config.Width()
	for n < o.samples() && int(o.teacherIDs.Offsets[n+1])*size <= teacherMemory {
		n++
	}
	t.kept = make([][]float32, n)
	return t
}

// teach computes the teacher's hidden states and sentence vectors of a micro-batch.
func (t *teaching) teach(w *encoder.Workspace, b *batch, m *microBatch) {
	d := t.teacher.Config.Width()
	var missing []int
	for _, i := range m.samples {
		if i >= len(t.kept) || t.kept[i] == nil {
			missing = append(missing, i)
		}
	}
	var hidden []float32
	if len(missing) > 0 {
		pick(&m.untaught, missing, t.teacherIDs)
		if hidden = t.teacher.Forward(w, m.untaught); t.council != nil {
			hidden = t.council.agree(w, m.untaught, missing, hidden)
		}
	}
	m.teacherHidden = m.teacherHidden[:0]
	for _, i := range m.samples {
		if i < len(t.kept) && t.kept[i] != nil {
			m.teacherHidden = append(m.teacherHidden, t.kept[i]...)
			continue
		}
		n := len(text(t.teacherIDs, i)) * d
		m.teacherHidden = append(m.teacherHidden, hidden[:n]...)
		if i < len(t.kept) {
			t.kept[i] = append([]float32(nil), hidden[:n]...)
		}
		hidden = hidden[n:]
	}
	meanPool(b.rows(b.teacher, 0, m), m.teacherHidden, m.teacher.Offsets, d)
}
