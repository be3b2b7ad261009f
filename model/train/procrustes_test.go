package train

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/ferry-clir/ferry/model/encoder"
)

// TestProcrustesFindsARotation gives the student the teacher's sentence vectors turned, scaled and shifted.
func TestProcrustesFindsARotation(t *testing.T) {
	const d = 32
	random := rand.New(rand.NewPCG(1, 2))
	any := mat.NewDense(d, d, nil)
	for i := range d * d {
		any.Set(i/d, i%d, random.NormFloat64())
	}
	var qr mat.QR
	var q mat.Dense
	qr.Factorize(any)
	qr.QTo(&q)
	weight, bias := make([]float32, d*d), make([]float32, d)
	for i := range weight {
		weight[i] = float32(1.7 * q.At(i/d, i%d))
	}
	for i := range bias {
		bias[i] = float32(random.NormFloat64())
	}
	student := tiny(4)
	teacher := student.Clone().WithProjection(weight, bias)
	source, _ := bitext(200)
	gotWeight, gotBias, err := Procrustes(t.Context(), teacher, student, source, source, 1)
	if err != nil {
		t.Fatal(err)
	}
	again, _, _ := Procrustes(t.Context(), teacher, student, source, source, 3)
	if !slices.Equal(gotWeight, again) {
		t.Error("1 and 3 workers fit different projections")
	}
	want := teacher.Forward(encoder.NewWorkspace(), source)
	far := 0.0
	for i, x := range student.WithProjection(gotWeight, gotBias).Forward(encoder.NewWorkspace(), source) {
		far = math.Max(far, math.Abs(float64(x-want[i])))
	}
	if far > 1e-3 {
		t.Errorf("projected token vectors differ by up to %v", far)
	}
}

func TestProcrustesRefuses(t *testing.T) {
	source, _ := bitext(20)
	one := ragged([]int32{0, 5, 2})
	damaged := tiny(3)
	damaged.Parameters()[5].Data[3] = float32(math.NaN())
	for want, run := range map[string]func() error{
		"the student has one already": func() error {
			return fit(tiny(1).WithProjection(make([]float32, 32), make([]float32, 1)), source, source)
		},
		"the teacher has 1 texts, the student 20": func() error { return fit(tiny(1), source, one) },
		"two texts at least":                      func() error { return fit(tiny(1), one, one) },
		"vectors of all texts are the same":       func() error { return fit(tiny(1), ragged(one.IDs, one.IDs), ragged(one.IDs, one.IDs)) },
		"gives vectors that are not finite":       func() error { return fit(damaged, source, source) },
		"has id 60, the vocabulary has 60":        func() error { return fit(tiny(1), ragged(one.IDs, []int32{60}), ragged(one.IDs, one.IDs)) },
		"teacher: checking batch: sequence 1":     func() error { return fit(tiny(1), ragged(one.IDs, one.IDs), ragged(one.IDs, nil)) },
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Procrustes(ctx, tiny(1), tiny(2), source, source, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after cancelling", err)
	}
}

func fit(student *encoder.Encoder, studentIDs, teacherIDs Ragged) error {
	_, _, err := Procrustes(context.Background(), tiny(9), student, teacherIDs, studentIDs, 2)
	return err
}
