package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/ferry-clir/ferry/model/encoder"
)

// Options say how a run trains. NewOptions has the defaults.
type Options struct {
	Epochs       float64 // passes over the samples; may be a fraction
	Batch        int     // samples of a step
	BatchTokens  int     // above 0: a step takes texts of about the same length, up to so many of the student's tokens, not Batch
	MicroBatch   int     // samples that one goroutine works on at a time, or its share in Batch; changes the bits of the result
	LearningRate float64 // the peak
	Schedule     string  // linear, cosine or constant
	Warmup       float64 // share of the steps over which the learning rate rises, 0 to 1
	LayerDecay   float64 // learning rate of each layer relative to the one above it, 1 for the same; the embeddings are the lowest
	WeightDecay  float64
	ClipNorm     float64 // gradients longer than this are scaled down to it; 0 never
	Frozen       encoder.Frozen
	Adapter      Adapter           // trained in place of the student's weights, if it has a kind
	Precision    encoder.Precision // of the student's products with weights: encoder.Float32 or BFloat16; weights are float32
	Dropout      float64           // probability that a number is dropped in the student's embeddings, attention and layers; see encoder.Dropout
	Seed         uint64            // of the order of the samples, and of dropout

	// GradientCheckpointing runs every layer forward a second time instead of keeping its activations, for long texts and
	// large models: a third more time for a fraction of the memory, and the same bits.
	GradientCheckpointing bool

	// Workers is the number of goroutines. Where there are several, each keeps the activations of two micro-batches; their
	// number changes no bit.
	Workers int

	// Evaluate, unless nil, is called every EvaluateEvery steps and after the last one. The student ends with the weights
	// for which it returned most, and training ends when the last so many values, Patience above 0, were no better.
	Evaluate                func(context.Context, *encoder.Encoder) (float64, error)
	EvaluateEvery, Patience int

	// Remembered, unless nil, returns what the last Evaluate found of what must not be forgotten. The student is then evaluated
	// before training, too, and weights of which it is more than MaxForgetting less than it was then are not kept. Training
	// ends when several evaluations in a row found that, with an error if there are no weights to keep, which calls it
	// RememberedName. Patience counts none of them.
	Remembered     func() float64
	RememberedName string
	MaxForgetting  float64

	// Checkpoint, unless nil, is called after every step, counted from 1, and once more, as the last time, when the run is
	// cancelled; it may call write to save the state of the run. Resume is nil, or reads such a state: the run goes on where it was saved, and
	// ends with the same bits as if it had not stopped. Job and options must be what they were, but for Workers.
	Checkpoint func(step int, last bool, write func(io.Writer) error) error
	Resume     io.Reader
}

// NewOptions returns one epoch of batches of 32, with learning rate 5e-5, on one worker.
func NewOptions() Options {
	return Options{Epochs: 1, Batch: 32, MicroBatch: 4, LearningRate: 5e-5, Schedule: Linear, Warmup: 0.1, LayerDecay: 1, WeightDecay: 0.01,
		ClipNorm: 1, Workers: 1}
}

func (o Options) check() error {
	switch {
	case !(o.Epochs > 0) || math.IsInf(o.Epochs, 0):
		return fmt.Errorf("epochs is %v, and must be above 0", o.Epochs)
	case o.Batch < 1 || o.MicroBatch < 1 || o.Workers < 1:
		return fmt.Errorf("batch, micro-batch and workers are %d, %d and %d, and must be at least 1", o.Batch, o.MicroBatch, o.Workers)
	case o.Precision != encoder.Float32 && o.Precision != encoder.BFloat16:
		return errors.New("training is in float32 or bf16")
	case !(o.Dropout >= 0 && o.Dropout < 1):
		return fmt.Errorf("dropout is %v, and must be at least 0 and below 1", o.Dropout)
	case o.BatchTokens < 0:
		return fmt.Errorf("batch tokens are %d, and may not be negative", o.BatchTokens)
	case !(o.LayerDecay > 0 && o.LayerDecay <= 1):
		return fmt.Errorf("layer decay is %v, and must be above 0 and at most 1", o.LayerDecay)
	case o.Evaluate != nil && o.EvaluateEvery < 1 || o.Patience < 0:
		return fmt.Errorf("evaluation is every %d steps with a patience of %d", o.EvaluateEvery, o.Patience)
	case !(o.LearningRate > 0) || math.IsInf(o.LearningRate, 0):
		return fmt.Errorf("learning rate is %v, and must be above 0", o.LearningRate)
	case !(o.Warmup >= 0 && o.Warmup <= 1):
		return fmt.Errorf("warm-up is %v, and must be between 0 and 1", o.Warmup)
	case !(o.WeightDecay >= 0) || !(o.ClipNorm >= 0):
		return fmt.Errorf("weight decay and clip norm are %v and %v, and may not be negative", o.WeightDecay, o.ClipNorm)
	}
	return errors.Join(checkSchedule(o.Schedule), o.Adapter.check())
}

// A Record tells what one step did. Losses are those of the samples before the step.
type Record struct {
	Step         int       // from 1
	Steps        int       // that the run will take
	Epoch        float64   // passes over the samples so far
	Losses       []float64 // in the order of the job's losses, without weights; those of weight 0 are 0, but for measures
	Loss         float64   // their weighted sum
	LearningRate float64
	GradientNorm float64 // before clipping

	Evaluated  bool    // after this step
	Value      float64 // of that evaluation
	Remembered float64 // of that evaluation; 0 where nothing is to be remembered

	// Of the transport problems of this step; 0 where there are none.
	SolverIterations float64 // mean
	MarginalError    float64 // mean L1 marginal error
	NotConverged     int     // problems that the iterations did not bring within the tolerance
	PlanSpread       float64 // mean of ot.Spread over some of the plans

	Warnings []string // of what is probably wrong, once a run, with the remedy
}

// Run trains student in place and calls report after every step, in order; when it goes on from a saved state, for the
// steps before that too.
//
// It stops with an error at a loss or gradient that is not finite, at sentence vectors that have all become one, at a loss
// that stays above its start, at an error of report, Evaluate or Checkpoint, and when ctx is cancelled (then with ctx's
// error, within a micro-batch's time). The student then has the weights that the last finished step left.
func Run(ctx context.Context, student *encoder.Encoder, job Job, options Options, report func(Record) error) error {
	if err := errors.Join(options.check(), job.check(student)); err != nil {
		return fmt.Errorf("preparing training: %w", err)
	}
	t := newTrainer(job.objective(), options, student)
	if t.weights() == 0 {
		return errors.New("preparing training: all weights are frozen, and there is nothing to learn")
	}
	err := t.run(ctx, report)
	t.finish()
	if err == nil {
		t.restore()
	}
	return err
}

func (t *trainer) run(ctx context.Context, report func(Record) error) error {
	if t.objective.council != nil {
		if err := t.objective.council.meet(ctx, t.options.Workers); err != nil {
			return err
		}
	}
	if t.options.Resume != nil {
		if err := t.read(t.options.Resume); err != nil {
			return fmt.Errorf("resuming training: %w", err)
		}
	}
	if err := t.remember(ctx); err != nil {
		return err
	}
	for i := range t.records {
		if err := t.complete(ctx, &t.records[i], report); err != nil {
			return t.leave(ctx, err)
		}
	}
	for !t.done() {
		if err := t.next(ctx, report); err != nil {
			return t.leave(ctx, err)
		}
	}
	return t.forgotten()
}

// leave saves the state of a run that is cancelled: steps are dear.
func (t *trainer) leave(ctx context.Context, err error) error {
	if ctx.Err() == nil || t.step == 0 {
		return err
	}
	return errors.Join(err, t.save(true))
}

// next takes a step and does what is due after it.
func (t *trainer) next(ctx context.Context, report func(Record) error) error {
	r, err := t.take(ctx)
	if err != nil {
		return fmt.Errorf("training step %d of %d: %w", r.Step, r.Steps, err)
	}
	t.records = append(t.records, r)
	if err := t.complete(ctx, &t.records[len(t.records)-1], report); err != nil {
		return err
	}
	return t.save(false)
}

// complete evaluates the student after a step that is due for it and was not evaluated yet, and reports the step.
func (t *trainer) complete(ctx context.Context, r *Record, report func(Record) error) error {
	if err := t.evaluate(ctx, r); err != nil {
		return err
	}
	if err := report(*r); err != nil {
		return fmt.Errorf("reporting training step %d: %w", r.Step, err)
	}
	return nil
}

func (t *trainer) save(last bool) error {
	if t.options.Checkpoint == nil {
		return nil
	}
	if err := t.options.Checkpoint(t.step, last, t.write); err != nil {
		return fmt.Errorf("saving the state of training at step %d: %w", t.step, err)
	}
	return nil
}
