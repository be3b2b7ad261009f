package train

import (
	"context"
	"fmt"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/sourcegraph/conc/panics"
	"github.com/sourcegraph/conc/stream"
)

// collapsed is the mean cosine between a batch's sentence vectors above which they tell texts apart no more. Training
// from random weights passes through that state on its way, so that a run is given up only when it stays there for
// patience steps, or ends there.
const (
	collapsed = 0.999
	patience  = 100
)

// A trainer is the state of a run.
type trainer struct {
	objective objective
	options   Options
	student   *encoder.Encoder
	optimizer *AdamW
	total     *encoder.Gradients // of the step
	idle      chan *worker
	alike     int // steps in a row after which the sentence vectors were collapsed
}

// A worker is the memory of one goroutine.
type worker struct {
	forward, training *encoder.Workspace
	gradients         *encoder.Gradients // of one micro-batch; 0 between them
}

func newTrainer(o objective, options Options, student *encoder.Encoder) *trainer {
	t := &trainer{objective: o, options: options, student: student, optimizer: NewAdamW(student, options.WeightDecay),
		total: student.NewGradients(options.Frozen), idle: make(chan *worker, options.Workers+1)}
	for range cap(t.idle) { // one more than work at a time, for the one whose turn has not come
		w := &worker{forward: encoder.NewWorkspace(), training: encoder.NewWorkspace(), gradients: student.NewGradients(options.Frozen)}
		w.training.Training = true
		t.idle <- w
	}
	return t
}

// step takes one optimiser step on the given samples and completes the record.
func (t *trainer) step(ctx context.Context, samples []int, r *Record) error {
	d := t.student.Config.Hidden
	b := newBatch(t.objective, samples, t.options.MicroBatch, d)
	err := t.each(ctx, b, func(w *worker, m *microBatch) error {
		t.objective.prepare(w, t.student, b, m)
		return nil
	}, func(*worker) {})
	if err != nil {
		return err
	}
	t.objective.join(b, d)
	t.total.Zero()
	err = t.each(ctx, b, func(w *worker, m *microBatch) error {
		return t.objective.descend(w, t.student, b, m)
	}, func(w *worker) {
		t.total.Add(w.gradients)
		w.gradients.Zero()
	})
	if err != nil {
		return err
	}
	t.objective.tell(b, r)
	if !finite(r.Loss) {
		return t.diverged("loss", r.Loss, r)
	}
	if r.GradientNorm = clip(t.total, t.options.ClipNorm); !finite(r.GradientNorm) {
		return t.diverged("gradient norm", r.GradientNorm, r)
	}
	cosine := b.alike(d)
	if t.alike++; cosine <= collapsed {
		t.alike = 0
	}
	if t.alike >= patience || t.alike > 0 && r.Step == r.Steps {
		return fmt.Errorf("the sentence vectors have collapsed, their mean cosine is %.5f at step %d: lower learning_rate (now %v), "+
			"or add the contrastive loss", cosine, r.Step, t.options.LearningRate)
	}
	t.optimizer.Step(t.total, r.LearningRate)
	return nil
}

func (t *trainer) diverged(what string, value float64, r *Record) error {
	return fmt.Errorf("%s is %v at step %d: lower learning_rate (now %v)", what, value, r.Step, t.options.LearningRate)
}

// each runs work for the micro-batches of b on the workers, and then for each in the order of the micro-batches,
// whichever is done first. It returns the first error in that order.
func (t *trainer) each(ctx context.Context, b *batch, work func(*worker, *microBatch) error, then func(*worker)) error {
	var failed error
	var caught panics.Catcher
	s := stream.New().WithMaxGoroutines(t.options.Workers)
	for i := range b.parts {
		w := <-t.idle // taken in order, so that the micro-batch that the others wait for always has one
		s.Go(func() stream.Callback {
			err := ctx.Err()
			if err == nil {
				caught.Try(func() { err = work(w, &b.parts[i]) })
			}
			return func() {
				if err == nil {
					then(w)
				} else if failed == nil {
					failed = err
				}
				t.idle <- w
			}
		})
	}
	s.Wait()
	caught.Repanic()
	return failed
}
