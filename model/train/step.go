package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ferry-clir/ferry/model/encoder"
)

// A trainer is the state of a run.
type trainer struct {
	objective objective
	options   Options
	student   *encoder.Encoder
	gradients *encoder.Gradients
	optimizer *AdamW
	adapters  []*lowRank
	plan      *plan
	teaching  *teaching
	watch     watch
	stop      stopper
	records   []Record
	batch     batch
	step      int                  // that were taken
	forward   []*encoder.Workspace // one a goroutine
	training  []*encoder.Workspace // of the micro-batches whose activations are there at the same time
	failed    []error              // of every micro-batch
}

// batchMemory is the most bytes of activations of a whole batch that are there at the same time.
const batchMemory = 512 << 20

// inFlight is the number of micro-batches whose activations are there at the same time: two for each of several workers, so
// that one that is done early has another one to turn to; or, for a loss that spans the batch, all of a batch, so that none
// has to run forward twice, if that is within batchMemory.
func (t *trainer) inFlight() int {
	n := 2 * t.options.Workers
	if n == 2 {
		n = 1
	}
	whole := (t.options.Batch + t.options.MicroBatch - 1) / t.options.MicroBatch
	tokens := 0
	for _, sample := range t.plan.tokens {
		tokens += sample
	}
	c := t.student.Config
	bytes := float64(tokens) / float64(len(t.plan.tokens)) * float64(t.options.Batch) * float64(4*c.Layers*(8*c.Hidden+2*c.FFN))
	if t.objective.spans() && bytes <= batchMemory {
		n = max(n, whole)
	}
	return n
}

func newTrainer(o objective, options Options, student *encoder.Encoder) *trainer {
	options.Frozen = options.Adapter.Freeze(options.Frozen)
	t := &trainer{objective: o, options: options, student: student, gradients: student.NewGradients(options.Frozen)}
	t.plan = newPlan(options, o.tokens())
	t.teaching = newTeaching(o, t.plan.steps() > t.plan.counts[0])
	t.optimizer = NewAdamW(student, t.gradients, options.WeightDecay, options.LayerDecay, options.Workers)
	t.adapt()
	for _, h := range o.heads {
		t.optimizer.add(h, options.WeightDecay)
	}
	for range options.Workers {
		t.forward = append(t.forward, encoder.NewWorkspace())
	}
	for range t.inFlight() {
		w := encoder.NewWorkspace()
		w.Training, w.Precision, w.GradientCheckpointing = true, options.Precision, options.GradientCheckpointing
		t.training = append(t.training, w)
	}
	return t
}

// each runs work for 0 to n-1 on the workers.
func (t *trainer) each(n int, work func(i int)) {
	each(t.options.Workers, n, func(_, i int) { work(i) })
}

// take takes one optimiser step.
func (t *trainer) take(ctx context.Context) (Record, error) {
	samples, epochs := t.plan.at(t.step)
	r := Record{Step: t.step + 1, Steps: t.plan.steps(), Epoch: epochs, LearningRate: t.options.rate(t.step, t.plan.steps())}
	dealt, ends := t.plan.deal(samples)
	t.batch.load(t.objective, dealt, ends, t.student.Config.Width())
	for _, term := range t.objective.terms {
		if loss, ok := term.work.(prepared); ok {
			loss.prepare(t)
		}
	}
	if t.optimizer.words != nil {
		t.optimizer.words.catchUp(t.batch.words(), t.options.Workers)
	}
	if err := t.prepare(ctx); err != nil {
		return r, err
	}
	if err := t.descend(ctx); errors.Is(err, errNotFinite) {
		return r, diverged("loss", math.NaN(), r.Step, t.options)
	} else if err != nil {
		return r, err
	}
	for _, term := range t.objective.terms {
		if loss, ok := term.work.(finished); ok {
			loss.finish(t)
		}
	}
	t.each(len(t.adapters), func(i int) { t.adapters[i].collect() })
	t.objective.tell(&t.batch, &r)
	r.GradientNorm = t.optimizer.Norm()
	if err := t.watch.check(&r, t.objective.alike(&t.batch), t.options); err != nil {
		return r, err
	}
	t.watch.Agreement.check(&r, &t.batch, t.objective.languages)
	if transport, ok := t.objective.transported(); ok {
		t.watch.Plans.check(&r, t.batch.problems(), transport)
	}
	t.optimizer.Step(r.LearningRate, clipping(r.GradientNorm, t.options.ClipNorm))
	t.merge()
	t.step++
	return r, nil
}

// prepare runs the teacher and, where the contrastive loss needs the sentence vectors of the whole batch, the student. If
// there are workspaces for all of it, that pass is the one that descend goes back through; else the student runs once
// more there, since large batches are what that loss lives on, and memory would grow with them.
func (t *trainer) prepare(ctx context.Context) error {
	b, joined := &t.batch, t.objective.spans()
	each(t.options.Workers, len(b.parts), func(thread, i int) {
		if ctx.Err() != nil {
			return
		}
		m, w := b.parts[i], t.forward[thread]
		if t.objective.teacher != nil {
			w.Precision, w.Dropout = encoder.Float32, encoder.Dropout{}
			t.teaching.teach(w, b, m)
		}
		if joined {
			if w.Precision = t.options.Precision; len(b.parts) <= len(t.training) {
				w = t.training[i]
				m.workspace = w
			}
			t.forwardPass(w, m)
		}
	})
	if joined {
		t.objective.join(b)
	}
	return ctx.Err()
}

// descend runs the student forward and backward over as many micro-batches as there are workspaces, collects their
// gradients, and goes on to the next ones. Each gradient is the sum over the micro-batches in their order, whichever
// goroutine computes it and however many pass at once, so that the bits do not depend on the number of workers.
func (t *trainer) descend(ctx context.Context) error {
	for first := 0; first < len(t.batch.parts); first += len(t.training) {
		parts := t.batch.parts[first:min(first+len(t.training), len(t.batch.parts))]
		t.failed = append(t.failed[:0], make([]error, len(parts))...)
		t.each(len(parts), func(i int) { t.failed[i] = t.pass(ctx, parts[i], t.training[i]) })
		for _, err := range t.failed {
			if err != nil {
				return err
			}
		}
		t.collect(first == 0, t.training[:len(parts)])
		t.collectHeads(parts)
	}
	return nil
}

var errNotFinite = errors.New("the student's vectors are not finite")

// forwardPass runs the student over a micro-batch. The same micro-batch drops the same numbers in every pass of a step,
// and a sample the same ones in any micro-batch.
func (t *trainer) forwardPass(w *encoder.Workspace, m *microBatch) {
	m.drops = m.drops[:0]
	for side := range t.objective.sides {
		for _, i := range m.samples {
			m.drops = append(m.drops, encoder.DropoutKey(t.options.Seed, t.step, side*t.objective.samples()+i))
		}
	}
	p := float32(t.options.Dropout)
	w.Dropout = encoder.Dropout{Hidden: p, Attention: p, Keys: m.drops}
	t.batch.run(w, t.student, m)
	if a := t.objective.attended; a != nil {
		m.attention = received(&m.memory, t.student, w, m.student, a.student)
	}
}

// pass runs the student over a micro-batch, forward and backward but for the gradients of the weights.
func (t *trainer) pass(ctx context.Context, m *microBatch, w *encoder.Workspace) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if m.workspace == nil {
		t.forwardPass(w, m)
	}
	if !t.batch.finite(m) {
		return errNotFinite
	}
	if err := t.objective.losses(&t.batch, m); err != nil {
		return fmt.Errorf("computing losses: %w", err)
	}
	if t.options.GradientCheckpointing {
		t.student.StartPropagation(w, m.student, m.dHidden, t.options.Frozen)
	} else {
		t.student.Propagate(w, m.student, m.dHidden, t.options.Frozen)
	}
	return nil
}

// collect collects the gradients of the weights from workspaces that pass has left. With gradient checkpointing it goes
// back with all of them through one layer after the other.
func (t *trainer) collect(overwrite bool, from []*encoder.Workspace) {
	if !t.options.GradientCheckpointing {
		t.each(t.gradients.Parts(), func(i int) { t.gradients.Collect(i, overwrite, from...) })
		return
	}
	layers, more := make([]int, len(from)), make([]bool, len(from))
	for {
		t.each(len(from), func(i int) { layers[i], more[i] = t.student.PropagateLayer(from[i]) })
		if !more[0] {
			return
		}
		t.each(t.gradients.Parts(), func(i int) {
			if t.gradients.Layer(i) == layers[0] {
				t.gradients.Collect(i, overwrite, from...)
			}
		})
	}
}
