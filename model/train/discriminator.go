package train

import (
	"math"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/model/ot"
)

// A discriminator is the loss discriminator: the cross-entropy of a linear classifier of sentence vectors by language. What it
// is given are vectors of length sqrt(d), so that making them longer or shorter is of no avail.
type discriminator struct {
	Adversarial
	weights, bias *head     // (languages, d), (languages)
	importance    []float32 // (languages): what a text counts, 1 in the mean over all texts
	queue         *vectorQueue

	languages []int32   // (n): of the batch's texts
	lambda    float32   // in this step
	inputs    []float32 // (n, d): what the batch's vectors are given as
	right     int       // texts of the batch that were recognised
}

func newDiscriminator(a Adversarial, o *objective) *discriminator {
	counts := a.counts()
	d := &discriminator{Adversarial: a, importance: make([]float32, len(counts))}
	for language, n := range counts {
		d.importance[language] = float32(len(a.Languages)) / float32(len(counts)*n)
	}
	width := a.Start.Config.Width()
	d.weights, d.bias = o.addHead(make([]float32, len(counts)*width), true), o.addHead(make([]float32, len(counts)), false)
	d.weights.rate, d.bias.rate = a.Rate, a.Rate
	d.queue = newVectorQueue(a.Queue, width)
	o.state = append(o.state, d.queue.cursor, d.queue.labels, d.queue.vectors)
	return d
}

// prepare looks up what the step is about.
func (d *discriminator) prepare(t *trainer) {
	d.languages = d.languages[:0]
	for _, sample := range t.batch.samples() {
		d.languages = append(d.languages, d.Languages[sample])
	}
	share := 1.0
	if warm := d.LambdaWarmup * float64(t.plan.steps()); float64(t.step) < warm {
		share = float64(t.step) / warm
	}
	d.lambda = float32(d.Lambda * share)
}

// join returns the loss on the batch alone. The discriminator is sent the gradient of its mean over batch and queue, the
// encoder that of its adversary over the batch, times lambda.
func (d *discriminator) join(b *batch, scale float32) float64 {
	inverse := b.memory.take(b.n)
	unit := b.memory.take(b.n * b.d)
	ot.Unit(unit, inverse, b.vectors, b.d)
	long := float32(math.Sqrt(float64(b.d)))
	d.inputs = append(d.inputs[:0], unit...)
	kernel.Scale(long, d.inputs)

	labels, inputs := append(slices.Clone(d.languages), d.queue.languages()...), append(slices.Clone(d.inputs), d.queue.filled()...)
	rows, classes := len(labels), len(d.importance)
	logits := b.memory.take(rows * classes)
	for i := range rows {
		copy(logits[i*classes:], d.bias.weights)
	}
	kernel.Gemm(false, true, rows, classes, b.d, 1, inputs, b.d, d.weights.weights, b.d, 1, logits, classes)
	loss := 0.0
	d.right = 0
	for i, label := range labels {
		row, counts := logits[i*classes:(i+1)*classes], d.importance[label]
		if i < b.n && slices.Index(row, slices.Max(row)) == int(label) {
			d.right++
		}
		if entropy := crossEntropy(row, int(label)); i < b.n {
			loss += float64(counts) * entropy / float64(b.n)
		}
		kernel.Scale(counts, row)
	}
	share := scale / float32(rows)
	kernel.Gemm(true, false, classes, b.d, rows, share, logits, classes, inputs, b.d, 1, d.weights.gradient, b.d)
	for i := range rows {
		kernel.Axpy(share, logits[i*classes:(i+1)*classes], d.bias.gradient)
	}
	for i, label := range d.languages {
		if row := logits[i*classes : (i+1)*classes]; d.Adversary == Confusion {
			d.confuse(row, label)
		} else {
			kernel.Scale(-1, row)
		}
	}
	dUnit := b.memory.take(b.n * b.d)
	kernel.Gemm(false, false, b.n, b.d, classes, d.lambda*scale*long/float32(b.n), logits, classes, d.weights.weights, b.d, 0, dUnit, b.d)
	ot.UnitGradient(b.dVectors, dUnit, unit, inverse, b.d)
	return loss
}

// confuse turns the gradient of a text's cross-entropy to its language into that to a uniform guess.
func (d *discriminator) confuse(gradient []float32, label int32) {
	counts := d.importance[label]
	gradient[label] += counts
	for k := range gradient {
		gradient[k] -= counts / float32(len(gradient))
	}
}

// finish puts the batch's vectors into the queue: not before the step is sure to be taken, so that a run that is stopped
// within it has the queue of the step before.
func (d *discriminator) finish(*trainer) { d.queue.push(d.inputs, d.languages) }

// recognised is the share of a batch's texts whose language the discriminator names. It is told, not trained.
type recognised struct{ by *discriminator }

func (r recognised) tell() float64 { return float64(r.by.right) / float64(len(r.by.languages)) }

// A vectorQueue holds the last so many vectors with their languages, as numbers that a state can be made of.
type vectorQueue struct {
	cursor  []float32 // (2): where the next one goes, and how many there are
	labels  []float32 // (size)
	vectors []float32 // (size, d)
	d       int
}

func newVectorQueue(size, d int) *vectorQueue {
	return &vectorQueue{cursor: make([]float32, 2), labels: make([]float32, size), vectors: make([]float32, size*d), d: d}
}

func (q *vectorQueue) filled() []float32 { return q.vectors[:int(q.cursor[1])*q.d] }

func (q *vectorQueue) languages() (all []int32) {
	for _, label := range q.labels[:int(q.cursor[1])] {
		all = append(all, int32(label))
	}
	return all
}

// push puts vectors, (len(languages), d), in the place of the oldest ones.
func (q *vectorQueue) push(vectors []float32, languages []int32) {
	if len(q.labels) == 0 {
		return
	}
	for i, language := range languages {
		at := int(q.cursor[0])
		q.labels[at] = float32(language)
		copy(q.vectors[at*q.d:(at+1)*q.d], vectors[i*q.d:])
		q.cursor[0] = float32((at + 1) % len(q.labels))
		q.cursor[1] = max(q.cursor[1], float32(at+1))
	}
}
