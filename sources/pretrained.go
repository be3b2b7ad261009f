package sources

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Pretrained opens a model from a folder in Hugging Face layout: config.json, tokenizer.json and model.safetensors (or
// its shards and their index), and modules.json with what belongs to it where sentence-transformers wrote the folder.
// XLM-R, RoBERTa and BERT types can be opened.
type Pretrained struct {
	// Path is the model's folder.
	Path schemas.Path `yaml:"path" ferry:"required"`
}

// NewPretrained returns a Pretrained with its defaults.
func NewPretrained() *Pretrained { return &Pretrained{} }

// Files are the folder's files that the model is made of.
func (p *Pretrained) Files() ([]string, error) {
	if stat, err := os.Stat(string(p.Path)); err != nil || !stat.IsDir() {
		return nil, fmt.Errorf("there is no model folder %s", p.Path)
	}
	var files []string
	for _, pattern := range []string{"*.json", "*.safetensors", "vocab.txt", "1_Pooling/config.json"} {
		found, err := fs.Glob(os.DirFS(string(p.Path)), pattern)
		if err != nil {
			return nil, fmt.Errorf("looking for model files: %w", err)
		}
		for _, name := range found {
			files = append(files, filepath.Join(string(p.Path), name))
		}
	}
	return files, nil
}

// Inspect reads the small files.
func (p *Pretrained) Inspect() (model.Info, error) { return model.Inspect(os.DirFS(string(p.Path))) }

// Open reads the model.
func (p *Pretrained) Open(context.Context, uint64) (*model.Model, error) {
	return model.Open(os.DirFS(string(p.Path)))
}
