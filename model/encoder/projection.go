package encoder

import (
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/ferry-clir/ferry/model/encoder/safetensors"
	"github.com/ferry-clir/ferry/model/kernel"
)

// A projection is a linear layer after the last one: x becomes weight * x + bias. It takes an encoder's vectors to the
// width and the space of another's. The mean of projected vectors is the projected mean, so that sentence-transformers,
// which projects after pooling (its module Dense), gives the same sentence vectors.

// The names of a projection's tensors, among an encoder's parameters and in the files of sentence-transformers.
const (
	projectionName = "projection."
	denseName      = "linear."
)

func (w *weights) projectionSlots(c Config) []slot {
	if c.Projection == 0 {
		return nil
	}
	return []slot{
		{projectionName + "weight", []int{c.Projection, c.Hidden}, &w.projection, 0, 1},
		{projectionName + "bias", []int{c.Projection}, &w.projectionBias, 0, 1},
	}
}

// WithProjection returns an encoder that projects the hidden states of e, without the projection that e has, if any, and
// shares all other weights with it. weight is (width, Hidden) and bias (width). It panics on other lengths.
func (e *Encoder) WithProjection(weight, bias []float32) *Encoder {
	if len(bias) == 0 || len(weight) != len(bias)*e.Config.Hidden {
		panic("encoder: a projection of the wrong shape")
	}
	defer runtime.KeepAlive(e)
	c := &Encoder{Config: e.Config, weights: e.weights, version: 1, viewed: e.viewed, prefix: e.prefix, kept: e.kept, unexpected: e.unexpected}
	c.weights.layers = slices.Clone(e.weights.layers)
	c.weights.projection, c.weights.projectionBias = weight, bias
	c.Config.Projection = len(bias)
	return c
}

// LoadProjection is WithProjection with the weights of the model.safetensors, of size bytes, of a Dense module of
// sentence-transformers that has so many outputs. It may lack a bias.
func (e *Encoder) LoadProjection(r io.ReaderAt, size int64, outputs int) (*Encoder, error) {
	file, err := safetensors.Open(r, size)
	if err != nil {
		return nil, err
	}
	var p weights
	config := e.Config
	config.Projection = outputs
	found := map[string]stored{}
	for _, t := range file.Tensors {
		if t.Name == denseName+"weight" || t.Name == denseName+"bias" {
			found[projectionName+t.Name[len(denseName):]] = stored{file, t}
		}
	}
	slots := p.projectionSlots(config)
	if _, ok := found[projectionName+"bias"]; !ok {
		slots = slots[:1]
	}
	if err := match(slots, found); err != nil {
		return nil, err
	}
	allocate(p.projectionSlots(config))
	for _, s := range slots {
		if err := file.Read(found[s.name].tensor, *s.in); err != nil {
			return nil, fmt.Errorf("reading projection: %w", err)
		}
	}
	return e.WithProjection(p.projection, p.projectionBias), nil
}

// SaveProjection writes the projection as the model.safetensors of a Dense module of sentence-transformers.
func (e *Encoder) SaveProjection(w io.Writer) error {
	var arrays []safetensors.Array
	defer runtime.KeepAlive(e)
	for _, s := range e.weights.projectionSlots(e.Config) {
		arrays = append(arrays, safetensors.Array{Name: denseName + s.name[len(projectionName):], Shape: s.shape, Data: *s.in})
	}
	return safetensors.Write(w, map[string]string{"format": "pt"}, arrays)
}

// project computes what Forward returns from the last layer's output, in float32 at any precision.
func (e *Encoder) project(w *Workspace) []float32 {
	h, d := e.Config.Hidden, e.Config.Projection
	if d == 0 {
		return w.hidden
	}
	for t := range w.tokens {
		copy(w.projected[t*d:], e.weights.projectionBias)
	}
	kernel.Gemm(false, true, w.tokens, d, h, 1, w.hidden, h, e.weights.projection, h, 1, w.projected, d)
	return w.projected
}

// backwardProject computes the gradient of the last layer's output.
func (e *Encoder) backwardProject(w *Workspace) {
	h, d := e.Config.Hidden, e.Config.Projection
	kernel.Gemm(false, false, w.tokens, h, d, 1, w.scratch.dprojected, d, e.weights.projection, h, 0, w.scratch.dy, h)
}

func (g *Gradients) collectProjection(overwrite bool, from []*Workspace) {
	s, h, d := &g.sums, g.config.Hidden, g.config.Projection
	if overwrite {
		clear(s.projection)
		clear(s.projectionBias)
	}
	for _, w := range from {
		kernel.Gemm(true, false, d, h, w.tokens, 1, w.scratch.dprojected, d, w.hidden, h, 1, s.projection, h)
		kernel.AddRows(s.projectionBias, w.scratch.dprojected, w.tokens)
	}
}
