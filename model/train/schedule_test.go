package train

import (
	"math"
	"testing"
)

// TestSchedules compares with what transformers' get_linear_, get_cosine_ and get_constant_schedule_with_warmup give after
// a warm-up of 4 of 20 steps. Theirs begins at 0; ours takes the first step of the warm-up at a quarter.
func TestSchedules(t *testing.T) {
	steps := []int{4, 5, 9, 12, 19}
	for name, want := range map[string][]float64{
		Linear:   {1, 0.9375, 0.6875, 0.5, 0.0625},
		Cosine:   {1, 0.990392640, 0.777785117, 0.5, 0.009607360},
		Constant: {1, 1, 1, 1, 1},
	} {
		o := Options{LearningRate: 2, Warmup: 0.2, Schedule: name}
		for i, step := range steps {
			if got := o.rate(step, 20); math.Abs(got-2*want[i]) > 1e-8 {
				t.Errorf("%s: step %d has the rate %v, want %v", name, step, got, 2*want[i])
			}
		}
		for step := range 4 {
			if got := o.rate(step, 20); got != 0.5*float64(step+1) {
				t.Errorf("%s: step %d of the warm-up has the rate %v", name, step, got)
			}
		}
	}
	o := options()
	o.Schedule = "step"
	fail(t, `unknown schedule "step": there are linear, cosine and constant`, tiny(2), distillation(Loss{OT, 1}), o)
}
