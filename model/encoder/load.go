package encoder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/model/encoder/safetensors"
)

// Load reads the weights of a model with configuration c, but for a projection (see LoadProjection), from a safetensors file of size bytes. Names may begin with
// bert. or roberta.; F32, F16 and BF16 are read. The tensors of a pooler or of a language modelling head are kept for
// Save. Tensors that are missing or of another shape than c asks for are errors, others are listed by Unexpected.
//
// If r has a method Mapped() []byte that returns the whole file, most weights in F32 are views of those bytes: they must
// be writable and stay valid as long as r is reachable, which it is through the encoder.
func Load(c Config, r io.ReaderAt, size int64) (*Encoder, error) {
	file, err := safetensors.Open(r, size)
	if err != nil {
		return nil, err
	}
	return load(c, []*safetensors.File{file})
}

// LoadShards is Load for a model in several files: index is its model.safetensors.index.json, and open opens the files
// that it names. LoadShards closes them if they are io.Closers.
func LoadShards(c Config, index []byte, open func(name string) (io.ReaderAt, int64, error)) (*Encoder, error) {
	var parsed struct {
		Weights map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(index, &parsed); err != nil {
		return nil, fmt.Errorf("reading safetensors index: %w", err)
	}
	names := slices.Compact(slices.Sorted(maps.Values(parsed.Weights)))
	if len(names) == 0 {
		return nil, errors.New("reading safetensors index: weight_map names no file")
	}
	var files []*safetensors.File
	for _, name := range names {
		r, size, err := open(name)
		if err != nil {
			return nil, fmt.Errorf("opening shard: %w", err)
		}
		if closer, ok := r.(io.Closer); ok {
			defer closer.Close()
		}
		file, err := safetensors.Open(r, size)
		if err != nil {
			return nil, fmt.Errorf("opening shard %s: %w", name, err)
		}
		files = append(files, file)
	}
	return load(c, files)
}

// stored is a tensor and the file that holds it.
type stored struct {
	file   *safetensors.File
	tensor safetensors.Tensor
}

// load matches all names and shapes before it allocates, so that no configuration makes it take more memory than the
// files have weights for.
func load(c Config, files []*safetensors.File) (*Encoder, error) {
	c.Projection = 0 // which has a file of its own
	if err := c.Validate(); err != nil {
		return nil, err
	}
	e := &Encoder{Config: c, version: 1, weights: weights{layers: make([]layer, c.Layers)}}
	found, err := e.collect(files)
	if err != nil {
		return nil, err
	}
	slots := e.weights.slots(c)
	if err := match(slots, found); err != nil {
		return nil, err
	}
	for _, s := range slots {
		if err := e.fill(s, found[s.name]); err != nil {
			return nil, err
		}
		delete(found, s.name)
	}
	return e, e.keep(found)
}

// fill makes a slot a view of its tensor, if it is the only one there and the file is in memory, or else reads it.
func (e *Encoder) fill(s slot, from stored) error {
	if view := from.file.View(from.tensor); view != nil && s.parts == 1 {
		*s.in = view
		if !slices.Contains(e.viewed, from.file) {
			e.viewed = append(e.viewed, from.file)
		}
		return nil
	}
	allocate([]slot{s})
	return from.file.Read(from.tensor, part(*s.in, s.part, s.elements()))
}

// collect returns the tensors by name without the prefix of the model, which it notes.
func (e *Encoder) collect(files []*safetensors.File) (map[string]stored, error) {
	found := map[string]stored{}
	for _, file := range files {
		for _, t := range file.Tensors {
			name := t.Name
			for _, prefix := range []string{"bert.", "roberta."} {
				if strings.HasPrefix(name, prefix) {
					name, e.prefix = name[len(prefix):], prefix
				}
			}
			name = modernName(name)
			if other, twice := found[name]; twice {
				return nil, fmt.Errorf("loading weights: %s and %s are both there", other.tensor.Name, t.Name)
			}
			found[name] = stored{file, t}
		}
	}
	return found, nil
}

// modernName turns the names that checkpoints from TensorFlow have for layer normalisation into those of today.
func modernName(name string) string {
	if base, ok := strings.CutSuffix(name, "LayerNorm.gamma"); ok {
		return base + "LayerNorm.weight"
	}
	if base, ok := strings.CutSuffix(name, "LayerNorm.beta"); ok {
		return base + "LayerNorm.bias"
	}
	return name
}

// match returns an error that names all tensors that are missing or have the wrong shape.
func match(wanted []slot, found map[string]stored) error {
	var missing, wrong []string
	for _, w := range wanted {
		s, ok := found[w.name]
		switch {
		case !ok:
			missing = append(missing, w.name)
		case !slices.Equal(s.tensor.Shape, w.shape):
			wrong = append(wrong, fmt.Sprintf("%s has shape %v where the configuration asks for %v", s.tensor.Name, s.tensor.Shape, w.shape))
		case !s.tensor.IsFloat():
			wrong = append(wrong, fmt.Sprintf("%s is of type %s, not F32, F16 or BF16", s.tensor.Name, s.tensor.DType))
		}
	}
	if missing != nil {
		wrong = append(wrong, fmt.Sprintf("%d tensors are missing: %s", len(missing), strings.Join(missing, ", ")))
	}
	if wrong != nil {
		return fmt.Errorf("loading weights: %s", strings.Join(wrong, "; "))
	}
	return nil
}

// keep reads the tensors that Save writes back and lists the unexpected ones.
func (e *Encoder) keep(rest map[string]stored) error {
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		s := rest[name]
		switch {
		case strings.HasSuffix(name, ".position_ids") || strings.HasSuffix(name, ".token_type_ids"): // constants
		case !e.Config.untied && (name == "lm_head.decoder.weight" || name == "cls.predictions.decoder.weight"):
			// The word embeddings once more: transformers ties them again when it loads.
		case s.tensor.IsFloat() && (strings.HasPrefix(name, "pooler.") || strings.HasPrefix(name, "lm_head.") || strings.HasPrefix(name, "cls.")):
			p := Parameter{s.tensor.Name, s.tensor.Shape, make([]float32, s.tensor.Elements())}
			if err := s.file.Read(s.tensor, p.Data); err != nil {
				return err
			}
			e.kept = append(e.kept, p)
		default:
			e.unexpected = append(e.unexpected, s.tensor.Name)
		}
	}
	return nil
}

// Save writes all weights but a projection's, see SaveProjection, as a safetensors file in F32 with the names of the checkpoint that e came from, so that transformers opens
// it beside Config.JSON.
func (e *Encoder) Save(w io.Writer) error {
	var arrays []safetensors.Array
	defer runtime.KeepAlive(e)
	config := e.Config
	config.Projection = 0
	for _, p := range e.weights.parameters(config) {
		arrays = append(arrays, safetensors.Array{Name: e.prefix + p.Name, Shape: p.Shape, Data: p.Data})
	}
	for _, p := range e.kept {
		arrays = append(arrays, safetensors.Array(p))
	}
	return safetensors.Write(w, map[string]string{"format": "pt"}, arrays)
}
