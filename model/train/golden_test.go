package train

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/ot"
)

// golden is what PyTorch computed in float64; testdata/make_golden.py made it.
type golden struct {
	PooledMSE struct {
		Student, Teacher []float32
		Loss             float64
		Gradient         []float64
	} `json:"pooled_mse"`
	Contrastive []struct {
		Temperature float32
		A, B        []float32
		Loss        float64
		DA, DB      []float64
	}
	Transport []struct {
		Kind                     string
		Epsilon                  float32
		TeacherIDs               [][]int32 `json:"teacher_ids"`
		StudentIDs               [][]int32 `json:"student_ids"`
		Teacher, Student, Centre []float32
		Loss                     float64
		Gradient                 []float64
	}
	AdamW struct {
		Peak, Warmup, Decay, Limit float64
		Rates, Norms               []float64
		Names                      []string
		Weights                    [][]float64
	}
	Curve goldenCurve
}

const goldenWidth = 6

func readGolden(t *testing.T) golden { return read[golden](t, "golden.json", "ferry train golden 1") }

// read reads a file of testdata, which names its format.
func read[G any](t *testing.T, name, format string) (g G) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var head struct{ Format string }
	if err := errors.Join(json.Unmarshal(data, &head), json.Unmarshal(data, &g)); err != nil || head.Format != format {
		t.Fatalf("reading %s: format %q, %v", name, head.Format, err)
	}
	return g
}

// near compares with a tolerance relative to the largest wanted magnitude.
func near(t *testing.T, what string, got []float32, want []float64, scale, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	largest := 0.0
	for _, x := range want {
		largest = math.Max(largest, math.Abs(x*scale))
	}
	for i, x := range want {
		if !(math.Abs(float64(got[i])-x*scale) <= tolerance*largest) {
			t.Errorf("%s: element %d is %v, want %v", what, i, got[i], x*scale)
			return
		}
	}
}

func nearLoss(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-5*math.Max(1, want)) {
		t.Errorf("%s: the loss is %v, want %v", what, got, want)
	}
}

func TestPooledMSEAgainstTorch(t *testing.T) {
	g := readGolden(t).PooledMSE
	gradient := make([]float32, len(g.Student))
	nearLoss(t, "pooled_mse", pooledMSE(gradient, g.Student, g.Teacher, goldenWidth, 0.5), g.Loss)
	near(t, "pooled_mse", gradient, g.Gradient, 0.5, 1e-5)
}

func TestInfoNCEAgainstTorch(t *testing.T) {
	for _, g := range readGolden(t).Contrastive {
		da, db, alone := make([]float32, len(g.A)), make([]float32, len(g.A)), make([]float32, len(g.A))
		nearLoss(t, "contrastive", infoNCE(da, db, g.A, g.B, goldenWidth, g.Temperature, 0.5, nil), g.Loss)
		near(t, "contrastive, a", da, g.DA, 0.5, 2e-5)
		near(t, "contrastive, b", db, g.DB, 0.5, 2e-5)
		infoNCE(alone, nil, g.A, g.B, goldenWidth, g.Temperature, 0.5, nil)
		near(t, "contrastive, a alone", alone, g.DA, 0.5, 2e-5)
	}
}

func ragged(texts ...[]int32) Ragged {
	r := Ragged{Offsets: []int32{0}}
	for _, ids := range texts {
		r.IDs = append(r.IDs, ids...)
		r.Offsets = append(r.Offsets, int32(len(r.IDs)))
	}
	return r
}

func special(id int32) bool { return id == 0 || id == 2 }

func TestTransportAgainstTorch(t *testing.T) {
	for _, g := range readGolden(t).Transport {
		solve := greedy
		if g.Kind == OT {
			solve = ot.Sinkhorn
		}
		options := ot.Options{Epsilon: g.Epsilon, Iterations: 3000, Tolerance: 1e-6}
		n := len(g.TeacherIDs)
		teacher := newCloud(new(scratch), g.Teacher, ragged(g.TeacherIDs...), 0, n, Content{Special: special}, g.Centre, goldenWidth)
		student := newCloud(new(scratch), g.Student, ragged(g.StudentIDs...), 0, n, Content{Special: special}, g.Centre, goldenWidth)
		gradient := make([]float32, len(g.Student))
		loss, reports, _, err := transportLoss(new(scratch), gradient, teacher, student, solve, options, 0.5)
		if err != nil || len(reports) != n {
			t.Fatal(reports, err)
		}
		nearLoss(t, g.Kind, loss, g.Loss)
		near(t, g.Kind, gradient, g.Gradient, 0.5, 1e-4)
	}
}

// TestAdamWAgainstTorch takes 20 steps of warm-up, decay, clipping, dense and sparse updates.
func TestAdamWAgainstTorch(t *testing.T) {
	want := readGolden(t).AdamW
	e := encoder.New(encoder.NewConfig(encoder.BERT, 4, 1, 1, 8, 6, 5), 1)
	wave := func(x []float32, k, t int, amplitude float64) {
		for i := range x {
			x[i] = float32(amplitude * math.Cos(0.7*float64(i)+0.3*float64(k)+0.9*float64(t)))
		}
	}
	for k, p := range e.Parameters() {
		if p.Name != want.Names[k] {
			t.Fatalf("parameter %d is %s, and %s in the golden file", k, p.Name, want.Names[k])
		}
		wave(p.Data, k, 0, 0.5)
	}
	g, all := e.NewGradients(encoder.Frozen{}), make([]float32, 6*4)
	a, o := NewAdamW(e, g, want.Decay, 1, 2), Options{LearningRate: want.Peak, Warmup: want.Warmup, Schedule: Linear}
	for step := range want.Rates {
		amplitude := 1 / float64(1+step)
		for k, p := range g.Parameters() {
			wave(p.Data, k, step+1, amplitude)
		}
		wave(all, 0, step+1, amplitude)
		g.Words.IDs, g.Words.Data = []int32{int32(step % 5), int32((step + 2) % 5)}, nil
		for _, id := range g.Words.IDs {
			g.Words.Data = append(g.Words.Data, all[id*4:id*4+4]...)
		}
		rate, norm := o.rate(step, len(want.Rates)), a.Norm()
		if math.Abs(norm-want.Norms[step]) > 1e-5 || math.Abs(rate-want.Rates[step]) > 1e-12 {
			t.Errorf("step %d: norm %v and rate %v, want %v and %v", step, norm, rate, want.Norms[step], want.Rates[step])
		}
		a.Step(rate, clipping(norm, want.Limit))
	}
	a.words.catchUpAll(2)
	for k, p := range e.Parameters() {
		near(t, p.Name, p.Data, want.Weights[k], 1, 2e-5)
	}
}
