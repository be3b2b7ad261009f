package train

import (
	"math"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

func TestMarginals(t *testing.T) {
	texts := ragged([]int32{0, 5, 6, 5, 2}, []int32{0, 5, 2}, []int32{0, 2})
	hidden := make([]float32, 2*len(texts.IDs))
	for i := range texts.IDs {
		hidden[2*i] = float32(i)
	}
	idf := inverseDocumentFrequency(texts)
	for id, n := range map[int]float64{0: 3, 2: 3, 5: 2, 6: 1} {
		if want := math.Log(4/(1+n)) + 1; math.Abs(float64(idf[id])-want) > 1e-6 {
			t.Errorf("the IDF of %d is %v, want %v", id, idf[id], want)
		}
	}
	attention := []float32{0.5, 0.1, 0.1, 0.2, 0.1, 0, 0.3, 0.7, 0.25, 0.75}
	common, rare := math.Log(4./3)+1, math.Log(4./2)+1
	for name, want := range map[string][]float64{
		Uniform: nil,
		// Tokens 1, 2 and 3 of the first text, 1 of the second, and, as it has no content, both of the third.
		Norm:      {1. / 6, 2. / 6, 3. / 6, 1, 8. / 17, 9. / 17},
		Attention: {0.25, 0.25, 0.5, 1, 0.25, 0.75},
		IDF:       {common / (2*common + rare), rare / (2*common + rare), common / (2*common + rare), 1, 0.5, 0.5},
	} {
		s := new(scratch)
		c := newCloud(s, hidden, texts, 0, 3, Content{Special: special}, nil, 2)
		c.weigh(s, name, texts.IDs, idf, attention)
		if !slices.EqualFunc(c.masses, want, func(x float32, y float64) bool { return math.Abs(float64(x)-y) < 1e-6 }) {
			t.Errorf("%s: masses %v, want %v", name, c.masses, want)
		}
	}
	c := newCloud(new(scratch), make([]float32, len(hidden)), texts, 0, 1, Content{Special: special}, nil, 2)
	if c.weigh(new(scratch), Norm, texts.IDs, nil, nil); !slices.Equal(c.masses, []float32{1. / 3, 1. / 3, 1. / 3}) {
		t.Errorf("vectors of no length: masses %v", c.masses)
	}
}

// TestReceivedAttention compares what a batch's tokens receive with what each text's do alone, by the encoder's probabilities:
// teacher and student have their own, and two encoders differ.
func TestReceivedAttention(t *testing.T) {
	d, o := distillation(Loss{Greedy, 1}, Loss{ContrastiveLoss, 0.1}), options()
	d.Marginals, o.MicroBatch, o.Batch = Attention, 5, 48
	d.TeacherContent.Prefix, d.StudentContent.Prefix = 1, 0
	d.Others = []*encoder.Encoder{tiny(7)} // which has no say in masses
	tr := newTrainer(d.objective(), o, tiny(2))
	if err := tr.objective.council.meet(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	samples, _ := tr.plan.at(0)
	dealt, ends := tr.plan.deal(samples)
	tr.batch.load(tr.objective, dealt, ends, tr.student.Config.Width())
	if err := tr.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, m := range tr.batch.parts {
		compareAttention(t, d.Teacher, m.teacher, d.TeacherContent, m.teacherAttention)
		compareAttention(t, tr.student, m.student, d.StudentContent, m.attention)
	}
}

// compareAttention asks for the attention of one content token after the other, and takes the mean.
func compareAttention(t *testing.T, e *encoder.Encoder, r Ragged, which Content, got []float32) {
	t.Helper()
	if len(got) != len(r.IDs) {
		t.Fatalf("the attention of %d tokens of %d", len(got), len(r.IDs))
	}
	w := encoder.NewWorkspace()
	for i := range r.Sequences() {
		ids := text(r, i)
		alone := Ragged{IDs: ids, Offsets: []int32{0, int32(len(ids))}}
		e.Forward(w, alone)
		places, want, one := which.places(nil, alone, 0), make([]float64, len(ids)), make([]float32, len(ids))
		for _, p := range places {
			query := make([]float32, len(ids))
			query[p] = 1
			e.AttentionReceived(w, alone, query, one)
			for j, x := range one {
				want[j] += float64(x) / float64(len(places))
			}
		}
		for j, x := range want {
			if y := got[int(r.Offsets[i])+j]; !(math.Abs(float64(y)-x) < 1e-6) {
				t.Errorf("text %d, token %d receives %v, want %v", i, j, y, x)
			}
		}
	}
}

// TestAttentionKeepsBits trains on masses of attention with 1 and 4 workers, and stopped and resumed.
func TestAttentionKeepsBits(t *testing.T) {
	d, o := distillation(Loss{OT, 1}, Loss{ContrastiveLoss, 0.1}), options()
	d.Marginals, o.Epochs = Attention, 10
	sameBits(t, d)
	for _, o.Dropout = range []float64{0, 0.1} {
		for _, o.GradientCheckpointing = range []bool{false, true} {
			resumes(t, d, o)
		}
	}
}
