package bench

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/ot"
	"github.com/ferry-clir/ferry/model/train"
)

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
func forward(hidden, sequences int, precision encoder.Precision) func(threads int) (task, error) {
	return func(threads int) (task, error) { return newForward(hidden, sequences, precision, threads), nil }
}

func newForward(hidden, sequences int, precision encoder.Precision, threads int) task {
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
	return task{size: float64(tokensOf(all)), run: func() {
		each(len(batches), threads, func(thread, i int) { e.Forward(workspaces[thread], batches[i]) })
	}}
}

// training takes optimiser steps of 32 pairs on the encoder of 12 x 384: forward, transport loss with 50 iterations at
// epsilon 0.05, backward, clipping, AdamW. It is what the distill stage does, with a teacher that costs next to nothing:
// the first time all pairs come, their teacher's side is kept.
func training(frozen encoder.Frozen, precision encoder.Precision) func(threads int) (task, error) {
	return func(threads int) (task, error) { return newTraining(frozen, precision, threads), nil }
}

func newTraining(frozen encoder.Frozen, precision encoder.Precision, threads int) task {
	const hidden, vocabulary = 384, 250002
	student := encoder.New(encoder.NewConfig(encoder.XLMRoBERTa, hidden, 12, 12, 4*hidden, vocabulary, 512), 1)
	all := pairs(96)
	r := splitMix(workloadSeed)
	d := train.NewDistill()
	d.Teacher = encoder.New(encoder.NewConfig(encoder.BERT, hidden, 1, 12, 8, 1000, 512), 1)
	d.StudentTarget = batchOf(all, vocabulary, &r)
	for i := range all {
		all[i].student, all[i].teacher = all[i].teacher, all[i].student
	}
	d.TeacherIDs = batchOf(all, 1000, &r)
	d.Solver = ot.Options{Epsilon: 0.05, Iterations: 50}
	o := train.NewOptions()
	o.Epochs, o.LearningRate = 1e5, 1e-5
	o.Workers, o.Frozen, o.Precision = threads, frozen, precision
	debug.SetGCPercent(10) // as the stage does
	begin, done := make(chan struct{}), make(chan error)
	go func() {
		<-begin
		done <- train.Run(context.Background(), student, d, o, func(r train.Record) error {
			if r.Step%(len(all)/o.Batch) == 0 {
				done <- nil
				<-begin
			}
			return nil
		})
	}()
	return task{size: float64(len(d.StudentTarget.IDs)), run: func() {
		begin <- struct{}{}
		if err := <-done; err != nil {
			panic(fmt.Sprint("bench: training failed: ", err))
		}
	}}
}
