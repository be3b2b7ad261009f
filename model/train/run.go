package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ferry-clir/ferry/model/encoder"
)

// Options say how a run trains. NewOptions has the defaults.
type Options struct {
	Epochs       float64 // passes over the samples; may be a fraction
	Batch        int     // samples of a step
	MicroBatch   int     // samples that one goroutine works on at a time; changes the bits of the result, unlike Workers
	LearningRate float64 // the peak
	Warmup       float64 // share of the steps over which the learning rate rises, 0 to 1
	WeightDecay  float64
	ClipNorm     float64 // gradients longer than this are scaled down to it; 0 never
	Frozen       encoder.Frozen
	Seed         uint64 // of the order of the samples
	Workers      int    // goroutines; one more than that keep gradients of the encoder's size
}

// NewOptions returns one epoch of batches of 32, with learning rate 5e-5, on one worker.
func NewOptions() Options {
	return Options{Epochs: 1, Batch: 32, MicroBatch: 4, LearningRate: 5e-5, Warmup: 0.1, WeightDecay: 0.01, ClipNorm: 1, Workers: 1}
}

func (o Options) check() error {
	switch {
	case !(o.Epochs > 0) || math.IsInf(o.Epochs, 0):
		return fmt.Errorf("epochs is %v, and must be above 0", o.Epochs)
	case o.Batch < 1 || o.MicroBatch < 1 || o.Workers < 1:
		return fmt.Errorf("batch, micro-batch and workers are %d, %d and %d, and must be at least 1", o.Batch, o.MicroBatch, o.Workers)
	case !(o.LearningRate > 0) || math.IsInf(o.LearningRate, 0):
		return fmt.Errorf("learning rate is %v, and must be above 0", o.LearningRate)
	case !(o.Warmup >= 0 && o.Warmup <= 1):
		return fmt.Errorf("warm-up is %v, and must be between 0 and 1", o.Warmup)
	case !(o.WeightDecay >= 0) || !(o.ClipNorm >= 0):
		return fmt.Errorf("weight decay and clip norm are %v and %v, and may not be negative", o.WeightDecay, o.ClipNorm)
	}
	return nil
}

// Steps is the number of optimiser steps over so many samples, at least 1.
func (o Options) Steps(samples int) int {
	return max(1, int(math.Round(o.Epochs*float64(o.batches(samples)))))
}

// batches is the number of steps of an epoch; the last may be smaller.
func (o Options) batches(samples int) int { return (samples + o.Batch - 1) / o.Batch }

// A Record tells what one step did. Losses are those of the samples before the step.
type Record struct {
	Step         int       // from 1
	Steps        int       // that the run will take
	Epoch        float64   // passes over the samples so far
	Losses       []float64 // in the order of the job's losses, without weights; those of weight 0 are 0
	Loss         float64   // their weighted sum
	LearningRate float64
	GradientNorm float64 // before clipping

	// Of the transport problems of this step; 0 where there are none.
	SolverIterations float64 // mean
	MarginalError    float64 // mean L1 marginal error
	NotConverged     int     // problems that the iterations did not bring within the tolerance
}

// Run trains student in place and calls report after every step, in order.
//
// It stops with an error at a loss or gradient that is not finite, at sentence vectors that have all become one, at an
// error of report, and when ctx is cancelled (then with ctx's error, within a micro-batch's time). The student then
// has the weights that the last finished step left.
func Run(ctx context.Context, student *encoder.Encoder, job Job, options Options, report func(Record) error) error {
	o := job.objective()
	if err := errors.Join(options.check(), o.check(student)); err != nil {
		return fmt.Errorf("preparing training: %w", err)
	}
	t := newTrainer(o, options, student)
	n, batches := o.samples(), options.batches(o.samples())
	var order []int
	for step := range options.Steps(n) {
		epoch, place := step/batches, step%batches
		if place == 0 {
			order = shuffled(n, options.Seed, epoch)
		}
		samples := order[place*options.Batch : min((place+1)*options.Batch, n)]
		r := Record{Step: step + 1, Steps: options.Steps(n), Epoch: float64(step+1) / float64(batches),
			LearningRate: learningRate(options.LearningRate, options.Warmup, step, options.Steps(n))}
		if err := t.step(ctx, samples, &r); err != nil {
			return fmt.Errorf("training step %d of %d: %w", r.Step, r.Steps, err)
		}
		if err := report(r); err != nil {
			return fmt.Errorf("reporting training step %d: %w", r.Step, err)
		}
	}
	return nil
}
