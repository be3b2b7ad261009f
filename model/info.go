package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

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
	Pooling   string   // mean, cls or max
	Normalize bool     // whether sentence vectors are scaled to length 1
	MaxTokens int      // longest input, special tokens included
	Ancestors []string // fingerprints of models that it learned from; see Model.Lineage
}

// NewInfo is the Info of a model that has a configuration and nothing else: mean pooling, normalised, as long as the
// encoder's positions allow.
func NewInfo(c encoder.Config) Info {
	return Info{Config: c, Pooling: Mean, Normalize: true, MaxTokens: c.MaxTokens()}
}

// Inspect reads a model folder's small files. What they do not say is as NewInfo has it.
func Inspect(folder fs.FS) (Info, error) {
	for _, names := range [][]string{{configFile}, {tokenizerFile}, {weightsFile, shardsFile}} {
		if !anyExists(folder, names) {
			return Info{}, fmt.Errorf("opening model: it has no %s; ferry reads Hugging Face folders with config.json, tokenizer.json and model.safetensors", names[0])
		}
	}
	data, err := readConfig(folder, configFile)
	if err != nil {
		return Info{}, fmt.Errorf("opening model: %w", err)
	}
	config, err := encoder.ParseConfig(data)
	if err != nil {
		return Info{}, fmt.Errorf("reading %s: %w", configFile, err)
	}
	info := NewInfo(config)
	return info, errors.Join(info.readModules(folder), info.readLineage(folder))
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
		switch { // newer versions name the same classes by longer paths
		case strings.HasSuffix(m.Type, ".Normalize"):
			i.Normalize = true
		case strings.HasSuffix(m.Type, ".Dense"):
			if i.Normalize || m.Path != denseFolder {
				return fmt.Errorf("reading %s: a dense layer is supported as %s, between pooling and normalisation", modulesFile, denseFolder)
			}
			if err := i.readDense(folder); err != nil {
				return err
			}
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
	if i.Config.Projection > 0 && i.Pooling == Max {
		return fmt.Errorf("reading %s: a dense layer after max pooling is not supported", modulesFile)
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
	data, err := readConfig(folder, name)
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
	add := func(path, what string) {
		n := len(modules)
		modules = append(modules, map[string]any{"idx": n, "name": strconv.Itoa(n), "path": path, "type": what})
	}
	if i.Config.Projection > 0 {
		add(denseFolder, "sentence_transformers.models.Dense")
	}
	if i.Normalize {
		add(strconv.Itoa(len(modules))+"_Normalize", "sentence_transformers.models.Normalize")
	}
	files := map[string][]byte{
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
	if i.Config.Projection > 0 {
		files[denseFile] = i.denseConfig()
	}
	return files
}
