package stages

import (
	"fmt"

	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// Adapter are the keys of small matrices that are trained in place of a model's weights.
type Adapter struct {
	// Adapter is none, or what is trained in place of the weights, which all stay as they are, the embeddings too: lora
	// adds a matrix of low rank to others, bottleneck sends what comes out of a layer through a narrow linear one beside
	// it. Both are merged: what comes out is a model like any other. They want ten times the learning rate or more.
	Adapter string `yaml:"adapter"`
	// Rank is the number of rows of an adapter's matrices, of its columns in the other one.
	Rank int `yaml:"rank"`
	// Alpha is what an adapter counts: it is multiplied by alpha / rank.
	Alpha float64 `yaml:"alpha"`
	// Targets are the matrices of every layer that an adapter sits on: query, key, value, attention_output, intermediate,
	// output. Without any, lora takes query and value, and bottleneck attention_output and output.
	Targets []string `yaml:"targets"`
}

const noAdapter = "none"

func newAdapter() Adapter { return Adapter{Adapter: noAdapter, Rank: 8, Alpha: 16} }

func (a *Adapter) validate() []schemas.Mistake {
	found := mistakes(oneOf("adapter", a.Adapter, noAdapter, train.LoRA, train.Bottleneck))
	if unused := newAdapter(); a.Adapter == noAdapter {
		found.unless(a.Rank == unused.Rank, "rank", "is for an adapter, and adapter is none")
		found.unless(a.Alpha == unused.Alpha, "alpha", "is for an adapter, and adapter is none")
		found.unless(len(a.Targets) == 0, "targets", "is for an adapter, and adapter is none")
		return found
	}
	found.when(a.Rank < 1, "rank", "at least 1", a.Rank)
	found.when(a.Alpha <= 0, "alpha", "above 0", a.Alpha)
	for _, name := range a.Targets {
		found = append(found, oneOf("targets", name, train.AdapterTargets()...)...)
	}
	return found
}

// options is the adapter as train has it.
func (a *Adapter) options() train.Adapter {
	if a.Adapter == noAdapter {
		return train.Adapter{}
	}
	return train.Adapter{Kind: a.Adapter, Rank: a.Rank, Alpha: a.Alpha, Targets: a.Targets}
}

// tooWide reports a rank beyond the width of the vectors of the model that key names: such matrices are of lower rank than that.
func (a *Adapter) tooWide(in Types, key string) []schemas.Mistake {
	if info, ok := in.Models[key]; ok && a.Adapter != noAdapter && a.Rank > info.Config.Hidden {
		return []schemas.Mistake{{Key: "rank", Problem: fmt.Sprintf("should be at most %d, the width of the %s's vectors, is %d", info.Config.Hidden, key, a.Rank)}}
	}
	return nil
}
