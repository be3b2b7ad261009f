package train

import (
	"math"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

// agreed is what a council of the given teachers makes of some samples.
func agreed(t *testing.T, d Distill, samples []int) []float32 {
	t.Helper()
	c := d.objective().council
	if err := c.meet(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	var texts Ragged
	pick(&texts, samples, d.TeacherIDs)
	w := encoder.NewWorkspace()
	return c.agree(w, texts, samples, d.Teacher.Forward(w, texts))
}

func TestCouncil(t *testing.T) {
	d, samples := distillation(), []int{3, 40, 7}
	var texts Ragged
	pick(&texts, samples, d.TeacherIDs)
	alone := slices.Clone(d.Teacher.Forward(encoder.NewWorkspace(), texts))
	apart := func(x []float32) (far float64) {
		for i, y := range x {
			far = math.Max(far, math.Abs(float64(y-alone[i])))
		}
		return far
	}
	d.Others = []*encoder.Encoder{d.Teacher.Clone(), d.Teacher.Clone()}
	if far := apart(agreed(t, d, samples)); far > 1e-5 {
		t.Errorf("three teachers who say the same say something else together, by %v", far)
	}

	// One that says much the same of all texts is hardly heard: its weight is 1 to 48 that of one who tells them apart.
	blind := d.Teacher.Clone()
	parameters := blind.Parameters()
	clear(parameters[0].Data)
	clear(parameters[1].Data)
	d.Others, d.Temperature = []*encoder.Encoder{blind}, 1e-4
	other := blind.Forward(encoder.NewWorkspace(), texts)
	for i, x := range agreed(t, d, samples) {
		if want := (48*alone[i] + other[i]) / 49; math.Abs(float64(x-want)) > 1e-4 {
			t.Fatalf("number %d is %v, want %v of %v and %v", i, x, want, alone[i], other[i])
		}
	}
}

// TestSeveralTeachers trains with two, at once and stopped after every tenth step, with other numbers of workers, and with
// none of what they say kept.
func TestSeveralTeachers(t *testing.T) {
	d, o := distillation(Loss{OT, 1}, Loss{PooledCosine, 1}), options()
	d.Others = []*encoder.Encoder{tiny(7)}
	whole := tiny(2)
	records := run(t, whole, d, o)
	if first, last := records[0].Loss, records[len(records)-1].Loss; !(last < 0.7*first) {
		t.Errorf("the loss went from %v to %v", first, last)
	}
	forgetful := tiny(2)
	tr := newTrainer(d.objective(), o, forgetful)
	tr.teaching.kept = nil
	if err := tr.run(t.Context(), func(Record) error { return nil }); err != nil {
		t.Fatal(err)
	}
	tr.finish()
	if !slices.Equal(weightsOf(forgetful), weightsOf(whole)) {
		t.Error("weights differ where teachers are asked again in each epoch")
	}
	var state []byte
	for stopped := true; stopped; o.Workers = 5 - o.Workers {
		student := tiny(2)
		if state, stopped, _ = runTenSteps(t, student, d, o, state); !stopped && !slices.Equal(weightsOf(student), weightsOf(whole)) {
			t.Error("weights differ from those of a run that was never stopped")
		}
	}
}

func TestBadTeachers(t *testing.T) {
	d, student := distillation(Loss{OT, 1}), tiny(2)
	for want, other := range map[string]*encoder.Encoder{
		"a teacher is the student itself":           student,
		"the vectors of teacher 2 have 16":          encoder.New(encoder.NewConfig(encoder.BERT, 16, 1, 1, 16, vocabulary, 16), 1),
		"teacher 2: checking batch: token 1 of seq": encoder.New(encoder.NewConfig(encoder.BERT, 32, 1, 1, 16, 3, 16), 1),
	} {
		d.Others = []*encoder.Encoder{other}
		fail(t, want, student, d, options())
	}
}
