package train

import (
	"slices"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/ot"
)

// A batch holds what the parts of one step must know of each other. d is the hidden size. Its memory, and that of its
// parts, serves one step after the other.
type batch struct {
	n        int           // samples
	parts    []*microBatch // in order
	vectors  []float32     // (sides * n, d): the student's sentence vectors, side after side
	teacher  []float32     // (n, d): the teacher's
	dVectors []float32     // (sides * n, d): gradient with respect to vectors of the loss that spans the batch
	infoNCE  float64       // that loss
	all      []*microBatch // as many as there ever were
	memory   scratch
	ids      []int32
}

// A microBatch is a part of a batch that one goroutine works on.
type microBatch struct {
	first, end    int       // samples of the batch
	samples       []int     // of the run
	student       Ragged    // the student's texts: (end - first) of each side, side after side
	teacher       Ragged    // the teacher's texts
	untaught      Ragged    // those of them that the teacher has to run over
	teacherHidden []float32 // (tokens of teacher, d)
	values        []float64 // of every loss within the micro-batch: sum over texts, without weight
	solved        []ot.Report
	memory        scratch

	drops     []uint64           // keys of the student's texts, for dropout
	workspace *encoder.Workspace // of the student's pass with hidden as its result; nil if there was none yet
	hidden    []float32          // (tokens of student, d)
}

// load makes b the batch of the given samples, of which each micro-batch ends where ends says.
func (b *batch) load(o objective, samples, ends []int, d int) {
	n := len(samples)
	b.memory.reset()
	b.n, b.infoNCE = n, 0
	b.vectors, b.dVectors = b.memory.take(len(o.sides)*n*d), b.memory.take(len(o.sides)*n*d)
	if o.Teacher != nil {
		b.teacher = b.memory.take(n * d)
	}
	for len(b.all) < len(ends) {
		b.all = append(b.all, &microBatch{values: make([]float64, len(o.Losses))})
	}
	b.parts = b.all[:len(ends)]
	first := 0
	for i, end := range ends {
		m := b.parts[i]
		m.first, m.end, m.samples = first, end, samples[first:end]
		pick(&m.student, m.samples, o.sides...)
		if o.Teacher != nil {
			pick(&m.teacher, m.samples, o.TeacherIDs)
		}
		clear(m.values)
		m.solved, m.workspace = m.solved[:0], nil
		m.memory.reset()
		first = end
	}
}

// rows returns the part of x, (sides * n, d), that belongs to one side of a micro-batch.
func (b *batch) rows(x []float32, side int, m *microBatch, d int) []float32 {
	return x[(side*b.n+m.first)*d : (side*b.n+m.end)*d]
}

// run runs the student over a micro-batch and takes its sentence vectors.
func (o objective) run(w *encoder.Workspace, student *encoder.Encoder, b *batch, m *microBatch) {
	m.hidden = student.Forward(w, m.student)
	size, d := m.end-m.first, student.Config.Hidden
	for side := range o.sides {
		meanPool(b.rows(b.vectors, side, m, d), m.hidden, m.student.Offsets[side*size:(side+1)*size+1], d)
	}
}

// join computes the loss that spans the batch, from the sentence vectors of all of it.
func (o objective) join(b *batch, d int) {
	weight, temperature := o.weight(ContrastiveLoss), float32(o.Temperature)
	if half := b.n * d; o.Teacher == nil { // query against document
		b.infoNCE = infoNCE(b.dVectors[:half], b.dVectors[half:], b.vectors[:half], b.vectors[half:], d, temperature, float32(weight))
		return
	}
	share := 1 / float64(len(o.sides))
	for side := range o.sides {
		from, to := side*b.n*d, (side+1)*b.n*d
		b.infoNCE += share * infoNCE(b.dVectors[from:to], nil, b.vectors[from:to], b.teacher, d, temperature, float32(weight*share))
	}
}

// finite tells whether the student's sentence vectors of a micro-batch are.
func (o objective) finite(b *batch, m *microBatch, d int) bool {
	for side := range o.sides {
		if !finite(sum(b.rows(b.vectors, side, m, d))) {
			return false
		}
	}
	return true
}

// losses computes the losses within a micro-batch. It returns their gradient with respect to m.hidden, and what the loss
// that spans the batch sends back.
func (o objective) losses(b *batch, m *microBatch, d int) ([]float32, error) {
	size, dHidden := m.end-m.first, m.memory.take(len(m.hidden))
	var teacher cloud
	if o.weight(OT) > 0 || o.weight(Greedy) > 0 {
		teacher = newCloud(&m.memory, m.teacherHidden, m.teacher, 0, size, o.TeacherContent, o.Centre, d)
		teacher.weigh(&m.memory, o.Marginals, m.teacher.IDs, o.teacherIDF)
	}
	for side := range o.sides {
		dVectors := b.rows(b.dVectors, side, m, d)
		for k, l := range o.Losses {
			scale := float32(l.Weight / float64(len(o.sides)*b.n))
			switch {
			case l.Weight == 0:
			case l.Name == PooledMSE:
				m.values[k] += pooledMSE(dVectors, b.rows(b.vectors, side, m, d), b.rows(b.teacher, 0, m, d), d, scale)
			case l.Name == OT || l.Name == Greedy:
				student := newCloud(&m.memory, m.hidden, m.student, side*size, (side+1)*size, o.StudentContent, o.Centre, d)
				student.weigh(&m.memory, o.Marginals, m.student.IDs, o.studentIDF)
				solve := o.Solve
				if l.Name == Greedy {
					solve = greedy
				}
				value, reports, err := transportLoss(&m.memory, dHidden, teacher, student, solve, o.Solver, scale)
				if err != nil {
					return nil, err
				}
				m.values[k] += value
				if l.Name == OT {
					m.solved = append(m.solved, reports...)
				}
			}
		}
		meanPoolGradient(dHidden, dVectors, m.student.Offsets[side*size:(side+1)*size+1], d)
	}
	return dHidden, nil
}

// tell writes the losses and what the solver did to the record.
func (o objective) tell(b *batch, r *Record) {
	for k, l := range o.Losses {
		value := b.infoNCE
		if l.Name != ContrastiveLoss {
			value = 0
			for _, m := range b.parts {
				value += m.values[k]
			}
			value /= float64(len(o.sides) * b.n)
		}
		r.Losses = append(r.Losses, value)
		r.Loss += l.Weight * value
	}
	problems := 0
	for _, m := range b.parts {
		for _, s := range m.solved {
			problems++
			r.SolverIterations += float64(s.Iterations)
			r.MarginalError += float64(s.MarginalError)
			if !s.Converged {
				r.NotConverged++
			}
		}
	}
	if problems > 0 {
		r.SolverIterations /= float64(problems)
		r.MarginalError /= float64(problems)
	}
}

// alike is the mean cosine between the sentence vectors of a side, that of the side where they differ most.
func (b *batch) alike(d int) float64 {
	least := 1.0
	for side := 0; side < len(b.vectors); side += b.n * d {
		least = min(least, meanCosine(b.vectors[side:side+b.n*d], d))
	}
	return least
}

// words are the ids of the student's words, each once.
func (b *batch) words() []int32 {
	b.ids = b.ids[:0]
	for _, m := range b.parts {
		b.ids = append(b.ids, m.student.IDs...)
	}
	slices.Sort(b.ids)
	return slices.Compact(b.ids)
}

func sum(x []float32) (total float64) {
	for _, y := range x {
		total += float64(y)
	}
	return total
}
