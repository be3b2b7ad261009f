package encoder

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/model/encoder/safetensors"
)

// An Encoder holds the weights of a model. Any number of goroutines may run it, each with a Workspace of its own, as
// long as nobody changes its weights.
type Encoder struct {
	Config Config

	weights    weights
	viewed     []*safetensors.File // that weights are views of; methods that read weights end with a KeepAlive for them
	version    uint64              // of weights, from 1: how often Parameters gave them away
	forward    packings
	backward   packings
	prefix     string      // what the checkpoint had before its names, such as "roberta."
	kept       []Parameter // tensors of the checkpoint that the encoder does not use, such as pooler.dense.weight
	unexpected []string
}

// initialDeviation is the standard deviation of new weights, as in BERT's own training.
const initialDeviation = 0.02

// New makes an encoder with weights from the normal distribution with deviation 0.02, drawn from seed, with biases 0
// and with layer normalisation 1 and 0. It panics on a configuration that Validate rejects.
func New(c Config, seed uint64) *Encoder {
	if err := c.Validate(); err != nil {
		panic("encoder: invalid configuration")
	}
	e := newEncoder(c)
	random := rand.New(rand.NewPCG(seed, 0x656e636f646572))
	for _, p := range e.Parameters() {
		switch {
		case strings.HasSuffix(p.Name, ".bias"):
		case strings.HasSuffix(p.Name, "LayerNorm.weight"):
			for i := range p.Data {
				p.Data[i] = 1
			}
		default:
			for i := range p.Data {
				p.Data[i] = float32(initialDeviation * random.NormFloat64())
			}
		}
	}
	return e
}

// newEncoder makes an encoder whose weights are 0.
func newEncoder(c Config) *Encoder { return &Encoder{Config: c, weights: newWeights(c), version: 1} }

// Parameters returns views of all weights, always in the same order. They may be written to until the next Forward or
// Backward, which lays the matrices out anew; who wants to write after it asks again, and Forward panics on matrices
// that have changed through older views. Nobody else may use e between this call and the last write. The views are valid
// while e is reachable.
func (e *Encoder) Parameters() []Parameter {
	e.version++
	return e.weights.parameters(e.Config)
}

// Unexpected names the tensors of the checkpoint that belong to no part of the encoder and that Save leaves out, in
// the file's order.
func (e *Encoder) Unexpected() []string { return slices.Clone(e.unexpected) }

// Clone returns an encoder with the same weights that can be trained on its own.
func (e *Encoder) Clone() *Encoder { return e.CloneToTrain(Frozen{}) }

// CloneToTrain is Clone for training with some weights frozen. Those are e's own, and may not be written to.
func (e *Encoder) CloneToTrain(frozen Frozen) *Encoder {
	defer runtime.KeepAlive(e)
	c := &Encoder{Config: e.Config, version: 1, viewed: e.viewed, prefix: e.prefix, kept: e.kept, unexpected: e.unexpected}
	c.weights.layers = make([]layer, e.Config.Layers)
	shared := max(0, min(frozen.Layers, e.Config.Layers))
	copy(c.weights.layers, e.weights.layers[:shared])
	for i := shared; i < e.Config.Layers; i++ {
		from := frozen.matrices(&e.weights.layers[i])
		for k, to := range frozen.matrices(&c.weights.layers[i]) {
			*to = *from[k]
		}
	}
	if frozen.Embeddings {
		layers := c.weights.layers
		c.weights = e.weights
		c.weights.layers, c.weights.projection, c.weights.projectionBias = layers, nil, nil
	}
	if frozen.Projection {
		c.weights.projection, c.weights.projectionBias = e.weights.projection, e.weights.projectionBias
	}
	allocate(c.weights.slots(c.Config))
	from := e.weights.parameters(e.Config)
	for i, p := range c.weights.parameters(c.Config) {
		if &p.Data[0] != &from[i].Data[0] {
			copy(p.Data, from[i].Data)
		}
	}
	return c
}
