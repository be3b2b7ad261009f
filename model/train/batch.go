package train

import (
	"slices"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/ot"
)

// A batch holds what the parts of one step must know of each other. Its memory, and that of its parts, serves one step
// after the other.
type batch struct {
	n, sides int           // samples, and the student's texts of each
	d        int           // the hidden size
	parts    []*microBatch // in order
	vectors  []float32     // (sides * n, d): the student's sentence vectors, side after side
	teacher  []float32     // (n, d): the teacher's
	dVectors []float32     // (sides * n, d): gradient with respect to vectors
	joined   []float64     // of every loss that spans the batch: its value, without weight
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

	teacherAttention []float32 // (tokens of teacher), if masses are of it: what each receives
	values           []float64 // of every loss within the micro-batch: sum over texts, without weight
	solved           []ot.Report
	spreads          []float64   // of some of those plans
	heads            [][]float32 // gradient of every head
	memory           scratch

	drops     []uint64           // keys of the student's texts, for dropout
	workspace *encoder.Workspace // of the student's pass with hidden as its result; nil if there was none yet
	hidden    []float32          // (tokens of student, d)
	attention []float32          // (tokens of student), if masses are of it: what each receives
	dHidden   []float32          // gradient with respect to hidden
}

// load makes b the batch of the given samples, of which each micro-batch ends where ends says.
func (b *batch) load(o objective, samples, ends []int, d int) {
	n := len(samples)
	b.memory.reset()
	b.n, b.sides, b.d, b.joined = n, len(o.sides), d, append(b.joined[:0], make([]float64, len(o.terms))...)
	b.vectors, b.dVectors = b.memory.take(len(o.sides)*n*d), b.memory.take(len(o.sides)*n*d)
	if o.teacher != nil {
		b.teacher = b.memory.take(n * d)
	}
	for len(b.all) < len(ends) {
		b.all = append(b.all, &microBatch{values: make([]float64, len(o.terms))})
	}
	b.parts = b.all[:len(ends)]
	first := 0
	for i, end := range ends {
		m := b.parts[i]
		m.first, m.end, m.samples = first, end, samples[first:end]
		pick(&m.student, m.samples, o.sides...)
		if o.teacher != nil {
			pick(&m.teacher, m.samples, o.teacherIDs)
		}
		clear(m.values)
		m.solved, m.spreads, m.workspace = m.solved[:0], m.spreads[:0], nil
		m.memory.reset()
		m.heads = m.heads[:0]
		for _, h := range o.heads {
			m.heads = append(m.heads, m.memory.take(len(h.weights)))
		}
		first = end
	}
	for _, h := range o.heads {
		clear(h.gradient)
	}
}

// samples are the samples of the run that the batch's are, in its order.
func (b *batch) samples() (all []int) {
	for _, m := range b.parts {
		all = append(all, m.samples...)
	}
	return all
}

// rows returns the part of x, (sides * n, d), that belongs to one side of a micro-batch.
func (b *batch) rows(x []float32, side int, m *microBatch) []float32 {
	return x[(side*b.n+m.first)*b.d : (side*b.n+m.end)*b.d]
}

// run runs the student over a micro-batch and takes its sentence vectors.
func (b *batch) run(w *encoder.Workspace, student *encoder.Encoder, m *microBatch) {
	m.hidden = student.Forward(w, m.student)
	for side := range b.sides {
		meanPool(b.rows(b.vectors, side, m), m.hidden, m.offsets(side), b.d)
	}
}

// offsets are where the student's texts of a side begin and end.
func (m *microBatch) offsets(side int) []int32 {
	size := m.end - m.first
	return m.student.Offsets[side*size : (side+1)*size+1]
}

// join computes the losses that span the batch, from the sentence vectors of all of it.
func (o objective) join(b *batch) {
	for k, t := range o.terms {
		if loss, ok := t.work.(spanning); ok && t.Weight > 0 {
			b.joined[k] = loss.join(b, float32(t.Weight))
		}
	}
}

// finite tells whether the student's sentence vectors of a micro-batch are.
func (b *batch) finite(m *microBatch) bool {
	for side := range b.sides {
		if !finite(sum(b.rows(b.vectors, side, m))) {
			return false
		}
	}
	return true
}

// losses computes the losses within a micro-batch, and their gradient with respect to m.hidden, with what the losses
// that span the batch send back.
func (o objective) losses(b *batch, m *microBatch) error {
	m.dHidden = m.memory.take(len(m.hidden))
	for side := range b.sides {
		for k, t := range o.terms {
			loss, ok := t.work.(inner)
			if !ok || t.Weight == 0 {
				continue
			}
			value, err := loss.within(b, m, side, float32(t.Weight/float64(b.sides*b.n)))
			if err != nil {
				return err
			}
			m.values[k] += value
		}
		meanPoolGradient(m.dHidden, b.rows(b.dVectors, side, m), m.offsets(side), b.d)
	}
	return nil
}

// tell writes the losses and what the solver did to the record.
func (o objective) tell(b *batch, r *Record) {
	for k, t := range o.terms {
		value := 0.0
		for _, m := range b.parts {
			value += m.values[k]
		}
		value = value/float64(b.sides*b.n) + b.joined[k]
		if measure, ok := t.work.(told); ok {
			value = measure.tell()
		}
		r.Losses = append(r.Losses, value)
		r.Loss += t.Weight * value
	}
	spreads := 0
	for _, m := range b.parts {
		for _, s := range m.spreads {
			spreads++
			r.PlanSpread += (s - r.PlanSpread) / float64(spreads)
		}
		for _, s := range m.solved {
			r.SolverIterations += float64(s.Iterations)
			r.MarginalError += float64(s.MarginalError)
			if !s.Converged {
				r.NotConverged++
			}
		}
	}
	if n := float64(b.problems()); n > 0 {
		r.SolverIterations /= n
		r.MarginalError /= n
	}
}

// problems is the number of transport problems that were solved.
func (b *batch) problems() (n int) {
	for _, m := range b.parts {
		n += len(m.solved)
	}
	return n
}

// alike is the mean cosine between the sentence vectors of a side, that of the side where they differ most; 0 where no loss
// is of them.
func (o objective) alike(b *batch) float64 {
	if o.ofTokens {
		return 0
	}
	least := 1.0
	for side := 0; side < len(b.vectors); side += b.n * b.d {
		least = min(least, meanCosine(b.vectors[side:side+b.n*b.d], b.d))
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
