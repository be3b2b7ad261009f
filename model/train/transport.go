package train

import (
	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/model/ot"
)

// A cloud holds the content tokens of several sequences as unit vectors. The others carry no mass and are left out.
type cloud struct {
	d       int
	unit    []float32 // (tokens, d)
	inverse []float32 // (tokens): 1 / length before scaling
	places  []int32   // (tokens): where in the hidden states each came from
	sizes   []int     // tokens of each sequence
	masses  []float32 // (tokens), nil for uniform ones
}

// newCloud takes the sequences of r from first up to end, whose hidden states are (tokens of r, d), and subtracts centre
// from each token before it is scaled; a nil centre subtracts nothing. The cloud lies in s.
func newCloud(s *scratch, hidden []float32, r Ragged, first, end int, which Content, centre []float32, d int) cloud {
	c := cloud{d: d, sizes: make([]int, 0, end-first)}
	for i := first; i < end; i++ {
		before := len(c.places)
		c.places = which.places(c.places, r, i)
		c.sizes = append(c.sizes, len(c.places)-before)
	}
	x := s.take(len(c.places) * d)
	for k, t := range c.places {
		row := x[k*d : (k+1)*d]
		copy(row, hidden[int(t)*d:])
		if centre != nil {
			kernel.Axpy(-1, centre, row)
		}
	}
	c.unit, c.inverse = x, s.take(len(c.places))
	ot.Unit(c.unit, c.inverse, x, d)
	return c
}

// greedy is ot.Greedy as an ot.Solve.
func greedy(costs []float32, shapes []ot.Shape, a, _ []float32, _ ot.Options, plans []float32) ([]ot.Report, error) {
	return ot.Greedy(costs, shapes, a, plans)
}

// transported is the loss ot, or with another solver greedy.
type transported struct {
	teacher, student       Content
	solve                  ot.Solve
	options                ot.Options
	centre                 []float32 // (d), subtracted from both sides; nil: nothing
	marginals              string
	teacherIDF, studentIDF []float32 // by token id, where marginals are IDF
	told                   bool      // whether the record tells of the solver
}

// transported is the loss whose solver the record tells of.
func (o objective) transported() (transported, bool) {
	for _, t := range o.terms {
		if work, ok := t.work.(transported); ok && work.told && t.Weight > 0 {
			return work, true
		}
	}
	return transported{}, false
}

func (t transported) within(b *batch, m *microBatch, side int, scale float32) (float64, error) {
	size := m.end - m.first
	teacher := newCloud(&m.memory, m.teacherHidden, m.teacher, 0, size, t.teacher, t.centre, b.d)
	teacher.weigh(&m.memory, t.marginals, m.teacher.IDs, t.teacherIDF, m.teacherAttention)
	student := newCloud(&m.memory, m.hidden, m.student, side*size, (side+1)*size, t.student, t.centre, b.d)
	student.weigh(&m.memory, t.marginals, m.student.IDs, t.studentIDF, m.attention)
	value, reports, spread, err := transportLoss(&m.memory, m.dHidden, teacher, student, t.solve, t.options, scale)
	if t.told {
		m.solved, m.spreads = append(m.solved, reports...), append(m.spreads, spread)
	}
	return value, err
}

// transportLoss returns the sum over sequences of <P, C>, C the cosine cost between the tokens of the teacher and of the
// student and P the plan, and adds scale times its gradient with respect to the student's hidden states to dHidden,
// (tokens, d). The plan counts as constant, which for entropic plans is exact with respect to the entropic objective. spread is
// that of the first plan alone, since its logarithms would cost as much as solving them all.
func transportLoss(s *scratch, dHidden []float32, teacher, student cloud, solve ot.Solve, o ot.Options, scale float32) (sum float64, reports []ot.Report, spread float64, err error) {
	d, cells := student.d, 0
	shapes := make([]ot.Shape, len(student.sizes))
	for i, n := range student.sizes {
		shapes[i] = ot.Shape{Rows: teacher.sizes[i], Columns: n}
		cells += teacher.sizes[i] * n
	}
	costs, plans := s.take(cells), s.take(cells)
	ot.CosineCosts(costs, teacher.unit, student.unit, d, shapes)
	if reports, err = solve(costs, shapes, teacher.masses, student.masses, o, plans); err != nil {
		return 0, nil, 0, err
	}
	for _, r := range reports {
		sum += float64(r.Value)
	}
	dUnit, dTokens := s.take(len(student.unit)), s.take(len(student.unit))
	ot.CosineGradient(dUnit, plans, teacher.unit, d, shapes, scale)
	ot.UnitGradient(dTokens, dUnit, student.unit, student.inverse, d)
	for k, t := range student.places {
		kernel.Add(dHidden[int(t)*d:int(t+1)*d], dTokens[k*d:(k+1)*d])
	}
	return sum, reports, ot.Spread(plans[:shapes[0].Rows*shapes[0].Columns], shapes[0]), nil
}
