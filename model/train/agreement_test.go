package train

import (
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/ot"
)

// warnings are those of a run.
func warnings(records []Record) (all []string) {
	for _, r := range records {
		all = append(all, r.Warnings...)
	}
	return all
}

// TestShuffledLanguage trains on two languages, of one of which the translations are shuffled: that one is named, and no
// other, and none where both are as they should be.
func TestShuffledLanguage(t *testing.T) {
	for _, shift := range []int{0, 17} {
		d, o := distillation(Loss{OT, 1}), options()
		source, target := bitext(48)
		var sources, targets [][]int32
		for i := range 48 {
			other := text(target, (i+shift)%48)
			foreign := slices.Clone(other)
			for k := 1; k+1 < len(foreign); k++ {
				foreign[k] -= 27 // words that the student knows, as if it were pretrained
			}
			sources, targets = append(sources, text(source, i), text(source, i)), append(targets, text(source, i), foreign)
			d.Languages = append(d.Languages, "de", "sw")
		}
		d.TeacherIDs, d.StudentSource, d.StudentTarget = ragged(sources...), ragged(sources...), ragged(targets...)
		student := d.Teacher.Clone()
		o.LearningRate, o.Epochs = 1e-6, 12
		got := warnings(run(t, student, d, o))
		if shift == 0 && len(got) > 0 || shift > 0 && (len(got) != 1 || !strings.Contains(got[0], "the pairs in sw are no more alike than pairs at random")) {
			t.Errorf("shifted by %d: %q", shift, got)
		}
	}
}

// TestPlanWarnings takes an epsilon that is far too large, one that is far too small for the iterations, and a good one.
func TestPlanWarnings(t *testing.T) {
	for _, c := range []struct {
		epsilon    float32
		iterations int
		want       string
	}{
		{5, 100, "lower epsilon (now 5) to 0.02"},
		{1e-5, 2, "raise epsilon (now 1e-05) to 0.02, or raise iterations (now 2) to 100, or take solver exact"},
		{0.02, 100, ""},
	} {
		d, o := distillation(Loss{OT, 1}), options()
		var err error
		if d.Centre, err = MeanTokenVector(t.Context(), d.Teacher, d.TeacherIDs, Content{Special: special}, 2); err != nil {
			t.Fatal(err)
		}
		d.Solver = ot.Options{Epsilon: c.epsilon, Iterations: c.iterations, Tolerance: 1e-3}
		got := warnings(run(t, tiny(2), d, o))
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
			t.Errorf("epsilon %v: %q, want %q", c.epsilon, got, c.want)
		}
	}
}
