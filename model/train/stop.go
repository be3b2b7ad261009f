package train

import (
	"context"
	"fmt"
)

// A stopper evaluates the student at intervals and keeps the best weights.
type stopper struct {
	Evaluations int         // so far
	Since       int         // of them, those since the best
	Best        float64     // value
	weights     [][]float32 // that the best value is of: those that are trained, in order
}

// evaluate evaluates the student after a step that is due for it, unless its record has that already, and completes the record.
func (t *trainer) evaluate(ctx context.Context, r *Record) error {
	o := t.options
	if o.Evaluate == nil || r.Evaluated || r.Step%o.EvaluateEvery != 0 && r.Step != r.Steps {
		return nil
	}
	t.finish()
	value, err := o.Evaluate(ctx, t.student)
	if err != nil {
		return fmt.Errorf("evaluating at step %d: %w", r.Step, err)
	}
	r.Evaluated, r.Value = true, value
	s := &t.stop
	s.Evaluations++
	s.Since++
	if s.Evaluations > 1 && value <= s.Best {
		return nil
	}
	s.Best, s.Since = value, 0
	s.keep(t.trained())
	return nil
}

// keep copies the weights.
func (s *stopper) keep(weights [][]float32) {
	for i, x := range weights {
		if i == len(s.weights) {
			s.weights = append(s.weights, make([]float32, len(x)))
		}
		copy(s.weights[i], x)
	}
}

// done tells whether there is nothing more to do.
func (t *trainer) done() bool {
	return t.step == t.plan.steps() || t.options.Patience > 0 && t.stop.Since >= t.options.Patience
}

// finish brings weights up to date that are updated lazily.
func (t *trainer) finish() {
	if t.optimizer.words != nil {
		t.optimizer.words.catchUpAll(t.options.Workers)
	}
}

// restore gives the student its best weights back, if it was evaluated.
func (t *trainer) restore() {
	if t.stop.Evaluations > 0 {
		for i, x := range t.trained() {
			copy(x, t.stop.weights[i])
		}
		t.merge()
	}
}

// trained are the weights that are trained, about to change: the encoder's or its adapters', and those of the heads.
func (t *trainer) trained() (all [][]float32) {
	for _, l := range t.adapters {
		all = append(all, l.down.weights, l.up.weights)
	}
	gradients := t.gradients.Parameters()
	for i, p := range t.student.Parameters() {
		if trains(t.gradients, p.Name, gradients[i].Data) || p.Name == wordEmbeddings && t.optimizer.words != nil {
			all = append(all, p.Data)
		}
	}
	for _, h := range t.objective.heads {
		all = append(all, h.weights)
	}
	return all
}
