package train

import (
	"math"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

// translations is a job of 48 pairs in one input each, in which a masked word stands on the other side in translation.
func translations(e *encoder.Encoder) MLM {
	m := NewMLM(e)
	source, target := bitext(48)
	var texts [][]int32
	for i := range source.Sequences() {
		texts = append(texts, append(slices.Clone(text(source, i)), text(target, i)[1:]...))
	}
	m.Texts, m.Masking.Token = ragged(texts...), 1
	for i, id := range m.Texts.IDs {
		m.Units = append(m.Units, int32(i))
		if special(id) {
			m.Units[i] = -1
		}
	}
	return m
}

func TestMLMLearns(t *testing.T) {
	o := options()
	o.Epochs = 200
	records := run(t, tiny(2), translations(tiny(2)), o)
	first, last := records[0], records[len(records)-1]
	t.Logf("loss and accuracy go from %.3f to %.3f", first.Losses, last.Losses)
	if !(first.Loss < 1.1*math.Log(54) && last.Loss < 0.5*first.Loss && last.Losses[1] > 0.5) {
		t.Errorf("%+v to %+v", first, last)
	}
}

// TestMLMGradient compares the gradient of a step with how the loss changes along it, heads and tied embeddings included.
func TestMLMGradient(t *testing.T) {
	o := options()
	o.ClipNorm, o.MicroBatch = 0, 3
	step := func(change func(encoder []encoder.Parameter, heads []*head)) (*trainer, float64) {
		student := tiny(2)
		tr := newTrainer(translations(student).objective(), o, student)
		change(student.Parameters(), tr.objective.heads)
		r, err := tr.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return tr, r.Loss
	}
	first, _ := step(func([]encoder.Parameter, []*head) {})
	norm := first.optimizer.Norm()
	at := func(move float32) float64 {
		_, loss := step(func(parameters []encoder.Parameter, heads []*head) {
			for i, p := range parameters {
				for j, g := range first.gradients.Parameters()[i].Data {
					p.Data[j] += move * g
				}
			}
			for k, id := range first.gradients.Words.IDs {
				for j, g := range first.gradients.Words.Data[k*32 : k*32+32] {
					parameters[0].Data[int(id)*32+j] += move * g
				}
			}
			for i, h := range heads {
				for j, g := range first.objective.heads[i].gradient {
					h.weights[j] += move * g
				}
			}
		})
		return loss
	}
	h := 2e-3 / norm
	if got, want := (at(float32(h))-at(float32(-h)))/(2*h), norm*norm; math.Abs(got-want) > 0.01*want {
		t.Errorf("the loss changes by %v along the gradient, want %v", got, want)
	}
}

func TestMLMWorkersDoNotChangeBits(t *testing.T) {
	o := options()
	o.Epochs, o.Batch, o.MicroBatch, o.Dropout = 2, 20, 3, 0.1
	var all [][]float32
	for _, o.Workers = range []int{1, 4} {
		student := tiny(2)
		run(t, student, translations(tiny(2)), o)
		all = append(all, weightsOf(student))
	}
	if !slices.Equal(all[0], all[1]) {
		t.Error("1 and 4 workers gave different weights")
	}
}

// TestMLMResume stops a run after every tenth step.
func TestMLMResume(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"all":       func(*Options) {},
		"frozen":    func(o *Options) { o.Frozen.Embeddings = true },
		"evaluated": func(o *Options) { o.Evaluate, o.EvaluateEvery = firstWeight, 7 },
		"adapters": func(o *Options) {
			o.Adapter = Adapter{Kind: LoRA, Rank: 2, Alpha: 4, Targets: []string{"query", "value"}}
		},
		"bf16": func(o *Options) { o.Precision, o.GradientCheckpointing = encoder.BFloat16, true },
	} {
		o := options()
		o.Epochs = 10
		change(&o)
		whole := tiny(2)
		want := run(t, whole, translations(tiny(2)), o)
		var state []byte
		for stopped := true; stopped; {
			var got []Record
			student := tiny(2)
			state, stopped, got = runTenSteps(t, student, translations(tiny(2)), o, state)
			o.Workers = 5 - o.Workers
			if !stopped && !(slices.EqualFunc(got, want, equalRecords) && slices.Equal(weightsOf(student), weightsOf(whole))) {
				t.Errorf("%s: another run", name)
			}
		}
	}
}

func TestMLMFrozen(t *testing.T) {
	student, o := tiny(2), options()
	o.Epochs, o.Frozen.Embeddings = 2, true
	before := weightsOf(student)
	run(t, student, translations(tiny(2)), o)
	after, words := weightsOf(student), vocabulary*32
	if !slices.Equal(after[:words], before[:words]) || slices.Equal(after[words:], before[words:]) {
		t.Error("the decoder moved frozen embeddings, or nothing moved")
	}
}

// TestScoresInBlocks checks that a head has the same bits whatever the room for its scores.
func TestScoresInBlocks(t *testing.T) {
	var all [][]float32
	for _, room := range []int{scores, 1, 200} {
		student := tiny(2)
		objective := translations(tiny(2)).objective()
		objective.terms[0].work.(*guessing).head.room = room
		tr := newTrainer(objective, options(), student)
		if err := tr.run(t.Context(), func(Record) error { return nil }); err != nil {
			t.Fatal(err)
		}
		all = append(all, weightsOf(student))
	}
	if !slices.Equal(all[0], all[1]) || !slices.Equal(all[0], all[2]) {
		t.Error("weights differ")
	}
}

func TestBadMLM(t *testing.T) {
	for want, change := range map[string]func(*MLM){
		"there are 3 units for":                      func(m *MLM) { m.Units = m.Units[:3] },
		"the mask token is 60, and there are 60":     func(m *MLM) { m.Masking.Token = vocabulary },
		"the share of masks is 0":                    func(m *MLM) { m.Masking.Share = 0 },
		"the shares of masked and random tokens are": func(m *MLM) { m.Masking.Random = 0.3 },
		"text 0 has no token that may be masked": func(m *MLM) {
			for i := range text(m.Texts, 0) {
				m.Units[i] = -1
			}
		},
		"the encoder is of another size": func(m *MLM) {
			m.encoder = encoder.New(encoder.NewConfig(encoder.BERT, 16, 1, 1, 16, vocabulary, 16), 1)
		},
	} {
		m := translations(tiny(2))
		change(&m)
		fail(t, want, tiny(2), m, options())
	}
}
