package bench

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/ot"
	"github.com/ferry-clir/ferry/model/train"
)

// A task is work that is timed: run does tokens of it, with as many goroutines as there are threads.
type task struct {
	tokens int
	run    func()
}

// newTask makes the task of a benchmark. Weights and ids are random, and do not matter to the time.
func newTask(name string, threads int) (task, error) {
	switch name {
	case "forward-f32-384":
		return forward(384, 96, encoder.Float32, threads), nil
	case "forward-bf16-384":
		return forward(384, 96, encoder.BFloat16, threads), nil
	case "forward-int8-384":
		return forward(384, 96, encoder.Int8, threads), nil
	case "forward-f32-768":
		return forward(768, 64, encoder.Float32, threads), nil
	case "forward-bf16-768":
		return forward(768, 64, encoder.BFloat16, threads), nil
	case "forward-int8-768":
		return forward(768, 64, encoder.Int8, threads), nil
	case "train-f32-frozen":
		return training(encoder.Frozen{Embeddings: true}, encoder.Float32, threads), nil
	case "train-f32-trained":
		return training(encoder.Frozen{}, encoder.Float32, threads), nil
	case "train-bf16-frozen":
		return training(encoder.Frozen{Embeddings: true}, encoder.BFloat16, threads), nil
	case "train-bf16-trained":
		return training(encoder.Frozen{}, encoder.BFloat16, threads), nil
	}
	return task{}, fmt.Errorf("there is no benchmark %q", name)
}

// each runs work for 0 to n-1 on as many goroutines as threads, and tells it which of them it is on.
func each(n, threads int, work func(thread, i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for thread := range threads {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				work(thread, i)
			}
		})
	}
	group.Wait()
}

// forward runs sequences through an encoder of 12 layers.
func forward(hidden, sequences int, precision encoder.Precision, threads int) task {
	const vocabulary = 32000
	e := encoder.New(encoder.NewConfig(encoder.XLMRoBERTa, hidden, 12, 12, 4*hidden, vocabulary, 512), 1)
	var all []pair
	for _, n := range lengths(sequences, workloadSeed) {
		all = append(all, pair{n, n})
	}
	var batches []encoder.Batch
	r := splitMix(workloadSeed)
	for _, part := range parts(all, 16) {
		batches = append(batches, batchOf(part, vocabulary, &r))
	}
	var workspaces []*encoder.Workspace
	for i := range threads {
		workspaces = append(workspaces, encoder.NewWorkspace())
		workspaces[i].Precision = precision
	}
	return task{tokensOf(all), func() {
		each(len(batches), threads, func(thread, i int) { e.Forward(workspaces[thread], batches[i]) })
	}}
}

// sample is a part of a training step that one goroutine works on.
type sample struct {
	batch   encoder.Batch
	shapes  []ot.Shape
	teacher []float32 // (teacher tokens, hidden), unit vectors
}

// training takes optimiser steps of 32 pairs on the encoder of 12 x 384: forward, transport loss with 50 iterations at
// epsilon 0.05, backward, AdamW. A step's gradient is the sum over its parts in their order, however many threads.
func training(frozen encoder.Frozen, precision encoder.Precision, threads int) task {
	const hidden, vocabulary, step, part = 384, 250002, 32, 16
	e := encoder.New(encoder.NewConfig(encoder.XLMRoBERTa, hidden, 12, 12, 4*hidden, vocabulary, 512), 1)
	optimizer := train.NewAdamW(e, 0.01)
	all := pairs(96)
	r := splitMix(workloadSeed)
	var steps [][]sample
	for _, pairs := range parts(all, step) {
		var samples []sample
		for first := range step / part { // every second pair, so that the parts have about as many tokens
			var some []pair
			for i := first; i < len(pairs); i += step / part {
				some = append(some, pairs[i])
			}
			samples = append(samples, newSample(some, hidden, vocabulary, &r))
		}
		steps = append(steps, samples)
	}
	var gradients [step / part]*encoder.Gradients
	for i := range gradients {
		gradients[i] = e.NewGradients(frozen)
	}
	workspaces := make([]*encoder.Workspace, threads)
	for i := range workspaces {
		workspaces[i] = encoder.NewWorkspace()
		workspaces[i].Training, workspaces[i].Precision = true, precision
	}
	return task{tokensOf(all), func() {
		for _, samples := range steps {
			each(len(samples), threads, func(thread, i int) {
				gradients[i].Zero()
				descend(e, workspaces[thread], samples[i], gradients[i], step)
			})
			for _, g := range gradients[1:] {
				gradients[0].Add(g)
			}
			optimizer.Step(gradients[0], 1e-5)
		}
	}}
}

func newSample(part []pair, hidden, vocabulary int, r *splitMix) sample {
	s := sample{batch: batchOf(part, vocabulary, r)}
	tokens := 0
	for _, p := range part {
		s.shapes = append(s.shapes, ot.Shape{Rows: p.teacher, Columns: p.student})
		tokens += p.teacher
	}
	s.teacher = make([]float32, tokens*hidden)
	for i := range s.teacher {
		s.teacher[i] = float32(r.uniform() - 0.5)
	}
	ot.Unit(s.teacher, make([]float32, tokens), s.teacher, hidden)
	return s
}

// descend adds the gradient of the transport loss of s, over so many pairs in all, to g.
func descend(e *encoder.Encoder, w *encoder.Workspace, s sample, g *encoder.Gradients, pairs int) {
	d, cells := e.Config.Hidden, 0
	for _, shape := range s.shapes {
		cells += shape.Rows * shape.Columns
	}
	hidden := e.Forward(w, s.batch)
	unit, inverse := make([]float32, len(hidden)), make([]float32, len(s.batch.IDs))
	costs, plans := make([]float32, cells), make([]float32, cells)
	ot.Unit(unit, inverse, hidden, d)
	ot.CosineCosts(costs, s.teacher, unit, d, s.shapes)
	reports, err := ot.Sinkhorn(costs, s.shapes, nil, nil, ot.Options{Epsilon: 0.05, Iterations: 50}, plans)
	if err != nil || math.IsNaN(float64(reports[0].Value)) {
		panic(fmt.Sprint("bench: the loss failed: ", err))
	}
	dUnit, dHidden := make([]float32, len(hidden)), make([]float32, len(hidden))
	ot.CosineGradient(dUnit, plans, s.teacher, d, s.shapes, 1/float32(pairs))
	ot.UnitGradient(dHidden, dUnit, unit, inverse, d)
	e.Backward(w, s.batch, dHidden, g)
}
