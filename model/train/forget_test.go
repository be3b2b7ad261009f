package train

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

// evaluations give values and what is remembered in turn, the first before training, and take note of the weights.
func evaluations(o *Options, values, remembered []float64) *[][]float32 {
	seen := new([][]float32)
	o.EvaluateEvery, o.MaxForgetting = 5, 0.0101
	o.Evaluate = func(_ context.Context, e *encoder.Encoder) (float64, error) {
		*seen = append(*seen, weightsOf(e))
		return values[len(*seen)-1], nil
	}
	o.Remembered = func() float64 { return remembered[len(*seen)-1] }
	return seen
}

// TestForgetting keeps the best weights of those that remember enough, and ends when three evaluations in a row do not: patience does
// not count them.
func TestForgetting(t *testing.T) {
	student, o := tiny(2), options()
	o.Patience = 2
	seen := evaluations(&o, []float64{0, 0.2, 0.9, 0.4, 0.3, 0.9, 0.9, 0.9}, []float64{0.6, 0.61, 0.58, 0.59, 0.6, 0.58, 0.5, 0.4})
	records := run(t, student, distillation(Loss{OT, 1}), o)
	if len(records) != 35 || len(*seen) != 8 {
		t.Errorf("%d steps and %d evaluations", len(records), len(*seen))
	}
	if !slices.Equal(weightsOf(student), (*seen)[3]) {
		t.Error("the weights are not those of the best evaluation that remembered enough")
	}
	if records[9].Remembered != 0.58 || records[8].Remembered != 0 {
		t.Errorf("steps 9 and 10 remember %v and %v", records[8].Remembered, records[9].Remembered)
	}
}

func TestAllForgotten(t *testing.T) {
	o := options()
	evaluations(&o, []float64{0, 1, 1, 1}, []float64{0.6, 0.55, 0.5, 0.45})
	o.RememberedName, o.Patience = "nDCG@10 in en", 1
	err := Run(t.Context(), tiny(2), distillation(Loss{OT, 1}), o, func(Record) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "nDCG@10 in en was 0.6000 before training and is 0.5500 at step 5, 0.5000 at step 10, 0.4500 at step 15, each time more than max_forgetting (0.0101) below") {
		t.Error(err)
	}
}
