package train

import (
	"math"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

// fail runs a job that must end with an error.
func fail(t *testing.T, want string, student *encoder.Encoder, job Job, o Options) {
	t.Helper()
	err := Run(t.Context(), student, job, o, func(Record) error { return nil })
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestDivergence(t *testing.T) {
	for _, name := range []string{OT, Greedy, PooledMSE, ContrastiveLoss} {
		student, o := tiny(2), options()
		student.Parameters()[5].Data[3] = float32(math.NaN())
		o.LearningRate = 0.01
		fail(t, "loss is NaN at step 1, before anything was learned: the weights of the model, or of a teacher, are damaged", student, distillation(Loss{name, 1}), o)
	}
	o := options()
	o.LearningRate, o.Warmup = 1e30, 0
	fail(t, "at step 2: lower learning_rate (now 1e+30)", tiny(2), distillation(Loss{OT, 1}, Loss{ContrastiveLoss, 1}), o)
}

func TestCollapse(t *testing.T) {
	student, o := tiny(2), options()
	words := student.Parameters()[0].Data
	clear(words) // every text of the same length has one vector
	d := distillation(Loss{OT, 1})
	d.StudentSource, d.StudentTarget = fixedLength(48, 9, 4), fixedLength(48, 30, 4)
	o.Frozen.Embeddings = true // so that it stays that way
	fail(t, "the sentence vectors have collapsed, their mean cosine is 1.00000 at step 20 (loss ", student, d, o)
}

func fixedLength(n, word, length int) Ragged {
	var texts [][]int32
	for i := range n {
		text := []int32{0}
		for k := range length {
			text = append(text, int32(word+(i+k*k)%20))
		}
		texts = append(texts, append(text, 2))
	}
	return ragged(texts...)
}

func TestBadJobs(t *testing.T) {
	base := func() Distill { return distillation(Loss{OT, 1}) }
	for want, change := range map[string]func(*Distill, *Options){
		"has id 60, the vocabulary has 60":             func(d *Distill, _ *Options) { d.StudentTarget = ragged([]int32{0, 60, 2}) },
		"one side has 48 texts, the other 1":           func(d *Distill, _ *Options) { d.StudentTarget = ragged([]int32{0, 2}) },
		"the teacher has 1 texts, the student 48":      func(d *Distill, _ *Options) { d.TeacherIDs = ragged([]int32{0, 2}) },
		"teacher: checking batch: sequence 0 is empty": func(d *Distill, _ *Options) { d.TeacherIDs = ragged(nil) },
		"there are no samples": func(d *Distill, _ *Options) {
			d.StudentSource, d.StudentTarget, d.TeacherIDs = ragged(), ragged(), ragged()
		},
		"the teacher's vectors have 16 dimensions and the student's 32": func(d *Distill, _ *Options) {
			d.Teacher = encoder.New(encoder.NewConfig(encoder.BERT, 16, 1, 1, 16, vocabulary, 16), 1)
		},
		"the centre has 3 dimensions":        func(d *Distill, _ *Options) { d.Centre = make([]float32, 3) },
		`unknown loss "mse"`:                 func(d *Distill, _ *Options) { d.Losses = []Loss{{"mse", 1}} },
		"loss ot is given twice":             func(d *Distill, _ *Options) { d.Losses = []Loss{{OT, 1}, {OT, 2}} },
		"the weight of loss ot is -1":        func(d *Distill, _ *Options) { d.Losses = []Loss{{OT, -1}} },
		"no loss has a weight":               func(d *Distill, _ *Options) { d.Losses = []Loss{{OT, 0}} },
		"temperature is 0":                   func(d *Distill, _ *Options) { d.Losses, d.Temperature = []Loss{{ContrastiveLoss, 1}}, 0 },
		"epsilon is 0":                       func(d *Distill, _ *Options) { d.Solver.Epsilon = 0 },
		"epochs is 0":                        func(_ *Distill, o *Options) { o.Epochs = 0 },
		"batch, micro-batch and workers are": func(_ *Distill, o *Options) { o.Workers = 0 },
		"learning rate is NaN":               func(_ *Distill, o *Options) { o.LearningRate = math.NaN() },
		"warm-up is 2":                       func(_ *Distill, o *Options) { o.Warmup = 2 },
		`unknown adapter "houlsby"`:          func(_ *Distill, o *Options) { o.Adapter = Adapter{"houlsby", 1, 1, nil} },
		"all weights are frozen":             func(_ *Distill, o *Options) { o.Frozen.Layers, o.Adapter = 2, Adapter{LoRA, 1, 1, nil} },
		"rank and alpha of the adapter":      func(_ *Distill, o *Options) { o.Adapter = Adapter{LoRA, 0, 1, nil} },
		`unknown target "q" of the adapter`:  func(_ *Distill, o *Options) { o.Adapter = Adapter{LoRA, 1, 1, []string{"q"}} },
	} {
		d, o := base(), options()
		change(&d, &o)
		fail(t, want, tiny(2), d, o)
	}
	d := base()
	fail(t, "the teacher is the student itself", d.Teacher, d, options())
}

func TestMeanTokenVector(t *testing.T) {
	e := tiny(4)
	texts, _ := bitext(50)
	one, err := MeanTokenVector(t.Context(), e, texts, Content{Special: special}, 1)
	if err != nil {
		t.Fatal(err)
	}
	four, _ := MeanTokenVector(t.Context(), e, texts, Content{Special: special}, 4)
	hidden := e.Forward(encoder.NewWorkspace(), texts)
	for k := range one {
		want, tokens := 0.0, 0
		for i, id := range texts.IDs {
			if !special(id) {
				want, tokens = want+float64(hidden[i*32+k]), tokens+1
			}
		}
		if want /= float64(tokens); math.Abs(float64(one[k])-want) > 1e-6 || one[k] != four[k] {
			t.Errorf("dimension %d is %v with 1 worker and %v with 4, want %v", k, one[k], four[k], want)
		}
	}
}

// TestWorse checks that a loss above its start is given up after a while, and a rise that passes is not.
func TestWorse(t *testing.T) {
	o := NewOptions()
	watched := func(loss func(step int) float64) error {
		var w watch
		for step := 1; step <= 400; step++ {
			if err := w.check(&Record{Step: step, Steps: 1000, Loss: loss(step)}, 0.5, o); err != nil {
				return err
			}
		}
		return nil
	}
	err := watched(func(step int) float64 { return 1 + 0.01*float64(step) })
	if err == nil || !strings.Contains(err.Error(), "the loss has been above its start for 200 steps") || !strings.Contains(err.Error(), "lower learning_rate (now 5e-05) to 5e-06 or raise warmup (now 0.1)") {
		t.Error(err)
	}
	for name, loss := range map[string]func(step int) float64{
		"falling": func(step int) float64 { return 1 / float64(step) },
		"passing": func(step int) float64 { return 1 + 5*math.Exp(-math.Pow(float64(step-100)/30, 2)) },
		"noisy":   func(step int) float64 { return 1 + 0.9*math.Sin(float64(step*step)) },
	} {
		if err := watched(loss); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
