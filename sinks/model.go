package sinks

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Model writes a model as a folder that `transformers.AutoModel.from_pretrained` and sentence-transformers open:
// config.json, tokenizer.json, model.safetensors and what belongs to them.
type Model struct {
	// From names the model: a stage that trains one, or an entry of models.
	From schemas.ModelRef `yaml:"from" ferry:"required"`
	// Path of the folder. One that is there already is replaced.
	Path schemas.Path `yaml:"path" ferry:"required"`
}

// NewModel returns a Model with its defaults.
func NewModel() *Model { return &Model{} }

// Validate refuses to replace a folder that is not a model's.
func (m *Model) Validate() []schemas.Mistake {
	stat, err := os.Stat(string(m.Path))
	switch {
	case err != nil: // what else may be wrong shows when it is made
		return nil
	case !stat.IsDir():
		return []schemas.Mistake{{Key: "path", Problem: "is a file; name a folder"}}
	}
	inside, err := os.ReadDir(string(m.Path))
	if err != nil || len(inside) == 0 {
		return nil
	}
	if _, err := os.Stat(filepath.Join(string(m.Path), "config.json")); err != nil {
		return []schemas.Mistake{{Key: "path", Problem: "is a folder of other things, which ferry will not replace by a model"}}
	}
	return nil
}

// Accepts takes any model.
func (m *Model) Accepts(map[string][]schemas.TableType) []schemas.Mistake { return nil }

// Files is the folder.
func (m *Model) Files() []string { return []string{string(m.Path)} }

// Write writes the folder.
func (m *Model) Write(_ context.Context, job Job) (string, error) {
	return "", WriteModel(string(m.Path), job.Models["from"])
}

// WriteModel writes m as a folder at path, which appears complete or not at all. A folder that is there is replaced.
func WriteModel(path string, m *model.Model) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("creating folder: %w", err)
	}
	part := Beside(path)
	err := m.Write(func(name string) (io.WriteCloser, error) {
		f, err := Create(filepath.Join(part, name))
		if err != nil {
			return nil, err
		}
		return &buffered{bufio.NewWriterSize(f, 1<<20), f}, nil
	})
	if err == nil {
		err = replaceFolder(part, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing model: %w", err), os.RemoveAll(part))
	}
	return nil
}

// buffered is a file that is published when it is closed.
type buffered struct {
	*bufio.Writer
	file *File
}

func (b *buffered) Close() error { return b.file.Publish(b.Flush()) }

// replaceFolder gives the folder part the name path. The old one, if any, steps aside first: for the moment between the
// two renames there is none.
func replaceFolder(part, path string) error {
	old := Beside(path)
	if err := os.Rename(path, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return errors.Join(syncFolder(filepath.Dir(path)), os.RemoveAll(old))
}
