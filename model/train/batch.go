package train

import (
	"math"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/ot"
)

// A batch holds what the parts of one step must know of each other. d is the hidden size.
type batch struct {
	n        int          // samples
	parts    []microBatch // in order
	vectors  []float32    // (sides * n, d): the student's sentence vectors, side after side
	teacher  []float32    // (n, d): the teacher's
	dVectors []float32    // (sides * n, d): gradient with respect to vectors of the loss that spans the batch
	infoNCE  float64      // that loss
}

// A microBatch is a part of a batch that one goroutine works on.
type microBatch struct {
	first, end    int       // samples of the batch
	student       Ragged    // the student's texts: (end - first) of each side, side after side
	teacher       Ragged    // the teacher's texts
	teacherHidden []float32 // (tokens of teacher, d)
	values        []float64 // of every loss within the micro-batch: sum over texts, without weight
	solved        []ot.Report
}

// newBatch cuts the samples into micro-batches of the given size.
func newBatch(o objective, samples []int, size, d int) *batch {
	n := len(samples)
	b := &batch{n: n, vectors: make([]float32, len(o.sides)*n*d), dVectors: make([]float32, len(o.sides)*n*d)}
	for first := 0; first < n; first += size {
		part := microBatch{first: first, end: min(first+size, n), values: make([]float64, len(o.Losses))}
		pick(&part.student, samples[first:part.end], o.sides...)
		if o.Teacher != nil {
			pick(&part.teacher, samples[first:part.end], o.TeacherIDs)
		}
		b.parts = append(b.parts, part)
	}
	if o.Teacher != nil {
		b.teacher = make([]float32, n*d)
	}
	return b
}

// rows returns the part of x, (sides * n, d), that belongs to one side of a micro-batch.
func (b *batch) rows(x []float32, side int, m *microBatch, d int) []float32 {
	return x[(side*b.n+m.first)*d : (side*b.n+m.end)*d]
}

// prepare runs the teacher over a micro-batch and, where the contrastive loss needs the whole batch's sentence vectors,
// the student. The student runs once more in descend: keeping the activations of a whole batch instead would take
// memory in proportion to the batch, and large batches are what that loss lives on.
func (o objective) prepare(w *worker, student *encoder.Encoder, b *batch, m *microBatch) {
	d := student.Config.Hidden
	if o.Teacher != nil {
		hidden := o.Teacher.Forward(w.forward, m.teacher)
		m.teacherHidden = append([]float32(nil), hidden...)
		meanPool(b.rows(b.teacher, 0, m, d), hidden, m.teacher.Offsets, d)
	}
	if o.weight(ContrastiveLoss) > 0 {
		o.pool(b, m, student.Forward(w.forward, m.student), d)
	}
}

func (o objective) pool(b *batch, m *microBatch, hidden []float32, d int) {
	size := m.end - m.first
	for side := range o.sides {
		meanPool(b.rows(b.vectors, side, m, d), hidden, m.student.Offsets[side*size:(side+1)*size+1], d)
	}
}

// join computes the loss that spans the batch, between prepare and descend.
func (o objective) join(b *batch, d int) {
	weight := o.weight(ContrastiveLoss)
	if weight == 0 {
		return
	}
	temperature := float32(o.Temperature)
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

// descend runs the student over a micro-batch, forward and backward, and leaves its gradient in w.gradients. Where the
// student's vectors are not finite it leaves values of NaN and no gradient.
func (o objective) descend(w *worker, student *encoder.Encoder, b *batch, m *microBatch) error {
	d := student.Config.Hidden
	hidden := student.Forward(w.training, m.student)
	o.pool(b, m, hidden, d)
	dHidden := make([]float32, len(hidden))
	for side := range o.sides {
		if x := b.rows(b.vectors, side, m, d); !finite(sum(x)) {
			for k := range m.values {
				m.values[k] = math.NaN()
			}
			return nil
		}
	}
	if err := o.local(b, m, hidden, dHidden, d); err != nil {
		return err
	}
	student.Backward(w.training, m.student, dHidden, w.gradients)
	return nil
}

// local computes the losses within a micro-batch. It adds their gradients, and what the loss that spans the batch sends
// back, to dHidden.
func (o objective) local(b *batch, m *microBatch, hidden, dHidden []float32, d int) error {
	size := m.end - m.first
	var teacher cloud
	if o.weight(OT) > 0 || o.weight(Greedy) > 0 {
		teacher = newCloud(m.teacherHidden, m.teacher, 0, size, o.TeacherContent, o.Centre, d)
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
				student := newCloud(hidden, m.student, side*size, (side+1)*size, o.StudentContent, o.Centre, d)
				plan := sinkhorn(o.Solver)
				if l.Name == Greedy {
					plan = greedy
				}
				value, reports, err := transportLoss(dHidden, teacher, student, plan, scale)
				if err != nil {
					return err
				}
				m.values[k] += value
				if l.Name == OT {
					m.solved = append(m.solved, reports...)
				}
			}
		}
		meanPoolGradient(dHidden, dVectors, m.student.Offsets[side*size:(side+1)*size+1], d)
	}
	return nil
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

func sum(x []float32) (total float64) {
	for _, y := range x {
		total += float64(y)
	}
	return total
}
