package train

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/model/encoder"
)

// The kinds of adapters. Both leave a matrix W0 and its bias b0 as they are and train two small matrices, down and up, of
// which up begins at 0. They become plain weights after every step, so that forward, backward, and whoever opens the model
// in the end, know nothing of them.
const (
	// LoRA (arXiv 2106.09685) adds a matrix of low rank: W = W0 + alpha/rank * up * down.
	LoRA = "lora"
	// Bottleneck sends what comes out of the layer h = W0 x + b0 through a narrow layer beside it: h + alpha/rank * up * down * h.
	// That is the adapter of arXiv 1902.00751 without its nonlinearity, with which there would be no W that does the same.
	Bottleneck = "bottleneck"
)

// An Adapter says which small matrices are trained in place of an encoder's weights. The zero value trains the weights.
type Adapter struct {
	Kind    string // LoRA or Bottleneck; "" for none
	Rank    int    // rows of down, columns of up
	Alpha   float64
	Targets []string // names of AdapterTargets; none: DefaultTargets of the kind
}

// target is a matrix that an adapter may sit on: its name in a checkpoint, and what of a layer has to have a gradient.
type target struct {
	name, parameter string
	in              encoder.Matrices
}

var targets = []target{
	{"query", "attention.self.query", encoder.QKV},
	{"key", "attention.self.key", encoder.QKV},
	{"value", "attention.self.value", encoder.QKV},
	{"attention_output", "attention.output.dense", encoder.AttentionOutput},
	{"intermediate", "intermediate.dense", encoder.Intermediate},
	{"output", "output.dense", encoder.Output},
}

// AdapterTargets are the names of the matrices of a layer that an adapter may sit on.
func AdapterTargets() (names []string) {
	for _, t := range targets {
		names = append(names, t.name)
	}
	return names
}

// DefaultTargets are the matrices that the papers put an adapter of that kind on: query and value for LoRA, the outputs of
// attention and of the feed-forward layer for Bottleneck.
func DefaultTargets(kind string) []string {
	switch kind {
	case LoRA:
		return []string{"query", "value"}
	case Bottleneck:
		return []string{"attention_output", "output"}
	}
	return nil
}

// chosen are the targets.
func (a Adapter) chosen() (all []target) {
	names := a.Targets
	if len(names) == 0 {
		names = DefaultTargets(a.Kind)
	}
	for _, t := range targets {
		if slices.Contains(names, t.name) {
			all = append(all, t)
		}
	}
	return all
}

// Freeze returns what stays as it is under the adapter, beside what is frozen anyhow: the embeddings, and all matrices that
// it does not sit on; a projection is trained. Without an adapter that is frozen itself.
func (a Adapter) Freeze(frozen encoder.Frozen) encoder.Frozen {
	for _, t := range a.chosen() {
		frozen.Embeddings = true
		frozen.Matrices |= t.in
	}
	return frozen
}

func (a Adapter) check() error {
	if a.Kind == "" {
		return nil
	}
	if a.Kind != LoRA && a.Kind != Bottleneck {
		return fmt.Errorf("unknown adapter %q: there are %s and %s", a.Kind, LoRA, Bottleneck)
	}
	if a.Rank < 1 || !(a.Alpha > 0) || !finite(a.Alpha) {
		return fmt.Errorf("rank and alpha of the adapter are %d and %v, and must be at least 1 and above 0", a.Rank, a.Alpha)
	}
	for _, name := range a.Targets {
		if !slices.Contains(AdapterTargets(), name) {
			return fmt.Errorf("unknown target %q of the adapter: there are %s", name, strings.Join(AdapterTargets(), ", "))
		}
	}
	return nil
}
