package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ferry-clir/ferry/model/encoder"
)

// The poolings: how token vectors become one vector.
const (
	Mean = "mean" // average over every token, special ones included
	CLS  = "cls"  // the first token's vector
	Max  = "max"  // the largest value of each dimension
)

// Info is what can be told about a model without reading its weights.
type Info struct {
	Config    encoder.Config
	Pooling   string // mean, cls or max
	Normalize bool   // whether sentence vectors are scaled to length 1
	MaxTokens int    // longest input, special tokens included
}

// NewInfo is the Info of a model that has a configuration and nothing else: mean pooling, normalised, as long as the
// encoder's positions allow.
func NewInfo(c encoder.Config) Info {
	return Info{Config: c, Pooling: Mean, Normalize: true, MaxTokens: c.MaxTokens()}
}

// Inspect reads a model folder's small files. What they do not say is as NewInfo has it.
func Inspect(folder fs.FS) (Info, error) {
	data, err := fs.ReadFile(folder, configFile)
	if err != nil {
		return Info{}, fmt.Errorf("opening model: %w", err)
	}
	config, err := encoder.ParseConfig(data)
	if err != nil {
		return Info{}, fmt.Errorf("reading %s: %w", configFile, err)
	}
	info := NewInfo(config)
	if err := info.readModules(folder); err != nil {
		return Info{}, err
	}
	for _, names := range [][]string{{tokenizerFile}, {weightsFile, shardsFile}} {
		if !anyExists(folder, names) {
			return Info{}, fmt.Errorf("opening model: it has no %s; ferry reads Hugging Face folders with config.json, tokenizer.json and model.safetensors", names[0])
		}
	}
	return info, nil
}

func anyExists(folder fs.FS, names []string) bool {
	for _, name := range names {
		if _, err := fs.Stat(folder, name); err == nil {
			return true
		}
	}
	return false
}

// readModules reads the sentence-transformers files: modules.json names the steps after the encoder.
func (i *Info) readModules(folder fs.FS) error {
	var modules []struct{ Path, Type string }
	found, err := readJSON(folder, modulesFile, &modules)
	if err != nil {
		return err
	}
	if found {
		i.Normalize = false
	}
	for _, m := range modules {
		switch m.Type {
		case "sentence_transformers.models.Normalize":
			i.Normalize = true
		case "sentence_transformers.models.Dense":
			return fmt.Errorf("reading %s: dense layers after pooling are not supported", modulesFile)
		}
	}
	var pooling struct {
		CLS  bool `json:"pooling_mode_cls_token"`
		Mean bool `json:"pooling_mode_mean_tokens"`
		Max  bool `json:"pooling_mode_max_tokens"`
	}
	if found, err = readJSON(folder, poolingFile, &pooling); err != nil {
		return err
	}
	switch {
	case !found || pooling.Mean:
	case pooling.CLS:
		i.Pooling = CLS
	case pooling.Max:
		i.Pooling = Max
	default:
		return fmt.Errorf("reading %s: only mean, cls and max pooling are supported", poolingFile)
	}
	var sentence struct {
		MaxTokens int `json:"max_seq_length"`
	}
	if _, err = readJSON(folder, sentenceFile, &sentence); err != nil {
		return err
	}
	if sentence.MaxTokens > 0 && sentence.MaxTokens < i.MaxTokens {
		i.MaxTokens = sentence.MaxTokens
	}
	return nil
}

func readJSON(folder fs.FS, name string, into any) (found bool, err error) {
	data, err := fs.ReadFile(folder, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", name, err)
	}
	return true, nil
}

// files are the sentence-transformers files that say what Info says.
func (i Info) files() map[string][]byte {
	modules := []map[string]any{
		{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
		{"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
	}
	if i.Normalize {
		modules = append(modules, map[string]any{"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"})
	}
	return map[string][]byte{
		modulesFile: jsonOf(modules),
		poolingFile: jsonOf(map[string]any{
			"word_embedding_dimension":          i.Config.Hidden,
			"pooling_mode_cls_token":            i.Pooling == CLS,
			"pooling_mode_mean_tokens":          i.Pooling == Mean,
			"pooling_mode_max_tokens":           i.Pooling == Max,
			"pooling_mode_mean_sqrt_len_tokens": false,
		}),
		sentenceFile: jsonOf(map[string]any{"max_seq_length": i.MaxTokens, "do_lower_case": false}),
	}
}
