package model

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// projected is tiny with a projection to 5 dimensions.
func projected(t *testing.T) *Model {
	m := tiny(t)
	weight, bias := make([]float32, 5*16), make([]float32, 5)
	for i := range weight {
		weight[i] = float32(math.Sin(float64(3*i + 1)))
	}
	for i := range bias {
		bias[i] = float32(math.Cos(float64(i)))
	}
	return m.With(m.Encoder.WithProjection(weight, bias))
}

// TestProjectedModel checks that embed gives projected vectors: sentence vectors as sentence-transformers defines them,
// the projection of what pooling gave, and token vectors each projected.
func TestProjectedModel(t *testing.T) {
	m := projected(t)
	o := EmbedOptions{Pooling: Mean, MaxTokens: 24, Budget: 100}
	plain, got := embed(t, tiny(t), o, "one two three")[0], embed(t, m, o, "one two three")[0]
	if len(got.Vector) != 5 || len(got.TokenVectors) != 5*len(got.IDs) || m.Config.Width() != 5 {
		t.Fatalf("a vector of %d and token vectors of %d numbers for %d tokens", len(got.Vector), len(got.TokenVectors), len(got.IDs))
	}
	for i, x := range got.Vector {
		want := math.Cos(float64(i))
		for j, y := range plain.Vector {
			want += math.Sin(float64(3*(16*i+j)+1)) * float64(y)
		}
		if math.Abs(float64(x)-want) > 1e-5 {
			t.Errorf("dimension %d is %v, want %v", i, x, want)
		}
	}
	folder := write(t, m)
	opened, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if again := embed(t, opened, o, "one two three")[0]; !slices.Equal(again.TokenVectors, got.TokenVectors) {
		t.Error("the model gives other vectors when it was written and opened")
	}
	for name, f := range write(t, opened) {
		if !bytes.Equal(f.Data, folder[name].Data) {
			t.Errorf("%s changed when the model was opened and written again", name)
		}
	}
}

func TestDenseLayersThatAreNotSupported(t *testing.T) {
	replace := func(name, old, new string) func(fstest.MapFS) {
		return func(f fstest.MapFS) { f[name].Data = bytes.Replace(f[name].Data, []byte(old), []byte(new), 1) }
	}
	for want, change := range map[string]func(fstest.MapFS){
		"it has no 2_Dense/config.json, which modules.json names": func(f fstest.MapFS) { delete(f, denseFile) },
		"opening projection":                          func(f fstest.MapFS) { delete(f, denseWeightsFile) },
		"with the activation torch.nn.modules.linear": replace(denseFile, "linear.Identity", "activation.Tanh"),
		"leads from 15 to 5 dimensions":               replace(denseFile, "16", "15"),
		"leads from 16 to 0 dimensions":               replace(denseFile, ": 5", ": 0"),
		"linear.weight has shape [5 16]":              replace(denseFile, ": 5", ": 6"),
		"is supported as 2_Dense, between pooling":    replace(modulesFile, "2_Dense", "3_Dense"),
		"a dense layer after max pooling":             func(f fstest.MapFS) { f[poolingFile].Data = []byte(`{"pooling_mode_max_tokens": true}`) },
	} {
		folder := write(t, projected(t))
		change(folder)
		if _, err := Open(folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
