package train

import (
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

// projected is a student of width 48 that a projection leads to the teacher's 32 dimensions.
func projected(t *testing.T, d Distill) *encoder.Encoder {
	t.Helper()
	student := encoder.New(encoder.NewConfig(encoder.BERT, 48, 2, 2, 64, vocabulary, 16), 2)
	weight, bias, err := Procrustes(t.Context(), d.Teacher, student, d.TeacherIDs, d.StudentSource, 2)
	if err != nil {
		t.Fatal(err)
	}
	return student.WithProjection(weight, bias)
}

// TestProjectedStudent trains with a projection that is held and with one that learns, all at once and stopped after every
// tenth step, with another number of workers each time.
func TestProjectedStudent(t *testing.T) {
	d, o := distillation(Loss{OT, 1}, Loss{PooledMSE, 0.5}, Loss{ContrastiveLoss, 0.1}), options()
	for _, o.Frozen.Projection = range []bool{false, true} {
		whole := projected(t, d)
		before := whole.Clone().Parameters()
		records := run(t, whole, d, o)
		if first, last := records[0].Loss, records[len(records)-1].Loss; !(last < 0.6*first) {
			t.Errorf("the loss went from %v to %v", first, last)
		}
		after := whole.Parameters()
		for i := len(after) - 2; i < len(after); i++ {
			if slices.Equal(before[i].Data, after[i].Data) != o.Frozen.Projection {
				t.Errorf("%s: frozen %v, unchanged %v", after[i].Name, o.Frozen.Projection, !o.Frozen.Projection)
			}
		}
		var state []byte
		for stopped := true; stopped; o.Workers = 5 - o.Workers {
			student := projected(t, d)
			if state, stopped, _ = runTenSteps(t, student, d, o, state); !stopped && !slices.Equal(weightsOf(student), weightsOf(whole)) {
				t.Error("weights differ from those of a run that was never stopped")
			}
		}
	}
}

func TestNoLanguageModelOfProjectedStates(t *testing.T) {
	e := tiny(1).WithProjection(make([]float32, 32), make([]float32, 1))
	m := NewMLM(e)
	m.Texts, _ = bitext(4)
	fail(t, "train it before it is distilled", e, m, options())
}
