package train

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

// TestStop gives the evaluations values: the run ends when two of them are no better than the best, with its weights.
func TestStop(t *testing.T) {
	values := []float64{0.1, 0.3, 0.2, 0.4, 0.4, 0.39, 0.9}
	for _, frozen := range []bool{false, true} {
		student, o, evaluated := tiny(2), options(), 0
		var best []float32
		o.Frozen.Embeddings, o.EvaluateEvery, o.Patience = frozen, 5, 2
		o.Evaluate = func(_ context.Context, e *encoder.Encoder) (float64, error) {
			if evaluated++; evaluated == 4 {
				best = weightsOf(e)
			}
			return values[evaluated-1], nil
		}
		records := run(t, student, distillation(Loss{OT, 1}), o)
		if len(records) != 30 || evaluated != 6 {
			t.Errorf("%d steps and %d evaluations", len(records), evaluated)
		}
		for _, r := range records {
			if r.Evaluated != (r.Step%5 == 0) || r.Evaluated && r.Value != values[r.Step/5-1] {
				t.Errorf("step %d has the value %v, %v", r.Step, r.Value, r.Evaluated)
			}
		}
		if !slices.Equal(weightsOf(student), best) {
			t.Error("the weights are not those of the best evaluation")
		}
	}
}

// TestEvaluateAtTheEnd evaluates after the last step whenever that is, and hands an error on.
func TestEvaluateAtTheEnd(t *testing.T) {
	o, evaluated := options(), 0
	o.Epochs, o.EvaluateEvery = 3, 7
	o.Evaluate = func(context.Context, *encoder.Encoder) (float64, error) { evaluated++; return 1, nil }
	run(t, tiny(2), distillation(Loss{OT, 1}), o) // 9 steps
	if evaluated != 2 {
		t.Errorf("%d evaluations", evaluated)
	}
	broken := errors.New("no judgments")
	o.Evaluate = func(context.Context, *encoder.Encoder) (float64, error) { return 0, broken }
	fail(t, "evaluating at step 7: no judgments", tiny(2), distillation(Loss{OT, 1}), o)
}
