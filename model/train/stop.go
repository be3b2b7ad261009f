package train

import (
	"context"
	"fmt"
	"strings"
)

// A stopper evaluates the student at intervals and keeps the best weights.
type stopper struct {
	Since     int         // of those that remembered enough, how many since the best
	Best      float64     // value
	Remembers bool        // whether Start is known
	Start     float64     // what was remembered before training
	Kept      int         // evaluations that remembered enough
	Forgot    int         // evaluations in a row that did not
	weights   [][]float32 // that the best value is of: those that are trained, in order
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
	if o.Remembered != nil {
		r.Remembered = o.Remembered()
		if s.Forgot++; r.Remembered < s.Start-o.MaxForgetting {
			return nil
		}
		s.Forgot = 0
	}
	s.Since++
	if s.Kept++; s.Kept > 1 && value <= s.Best {
		return nil
	}
	s.Best, s.Since = value, 0
	s.keep(t.trained())
	return nil
}

// forgetful is the number of evaluations in a row that forgot too much after which training ends.
const forgetful = 3

// remember evaluates the student before training, if something must not be forgotten.
func (t *trainer) remember(ctx context.Context) error {
	if t.options.Remembered == nil || t.stop.Remembers {
		return nil
	}
	if _, err := t.options.Evaluate(ctx, t.student); err != nil {
		return fmt.Errorf("evaluating before training: %w", err)
	}
	t.stop.Remembers, t.stop.Start = true, t.options.Remembered()
	return nil
}

// forgotten is the error of a run of which no weights can be kept. It has all values, since nothing else of the run stays.
func (t *trainer) forgotten() error {
	o := t.options
	if o.Remembered == nil || t.stop.Kept > 0 {
		return nil
	}
	var values []string
	for _, r := range t.records {
		if r.Evaluated {
			values = append(values, fmt.Sprintf("%.4f at step %d", r.Remembered, r.Step))
		}
	}
	return fmt.Errorf("too much was forgotten: %s was %.4f before training and is %s, each time more than max_forgetting (%v) below, so that there are no weights to keep: "+
		"%s, take fewer epochs (now %v) or more text in that language, set freeze_embeddings (now %v) or lower evaluate_every (now %d)",
		o.RememberedName, t.stop.Start, strings.Join(values, ", "), o.MaxForgetting, o.slower(), o.Epochs, o.Frozen.Embeddings, o.EvaluateEvery)
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
	s := t.stop
	return t.step == t.plan.steps() || t.options.Patience > 0 && s.Since >= t.options.Patience || s.Forgot >= forgetful
}

// finish brings weights up to date that are updated lazily.
func (t *trainer) finish() {
	if t.optimizer.words != nil {
		t.optimizer.words.catchUpAll(t.options.Workers)
	}
}

// restore gives the student its best weights back, if it was evaluated.
func (t *trainer) restore() {
	if t.stop.Kept > 0 {
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
