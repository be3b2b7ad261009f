package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/pipeline/tables"
	"github.com/ferry-clir/ferry/sinks"
)

// A store keeps results by key: a folder a key, in it shards named <table>-<number>.arrow, a note beside them that says
// they are complete, and perhaps a model. Everything is written beside its place and renamed, the note last.
type store struct {
	root      string
	allocator memory.Allocator             // of the record batches that pass through
	mirror    *mirror                      // nil if the cache is not shared with others
	spoiled   func(note string, err error) // is told of notes that cannot be read; may be nil
}

func openStore(work string, allocator memory.Allocator) store {
	return store{root: filepath.Join(work, "cache"), allocator: allocator}
}

func (s store) folder(k key) string { return filepath.Join(s.root, string(k)) }

func (s store) shard(k key, table string, number int) string {
	return filepath.Join(s.folder(k), fmt.Sprintf("%s-%05d.arrow", table, number))
}

// relative is the path of a file of the store as the same everywhere.
func (s store) relative(file string) string {
	return path.Join(filepath.Base(filepath.Dir(file)), filepath.Base(file))
}

func (s store) model(k key) string { return filepath.Join(s.folder(k), "model") }

// A note says that a task, or a whole step, is done, and how many rows went where.
type note struct {
	Shards  map[string][]tables.Shard `json:"shards"`            // by table, in order
	Model   map[string]content.Sum    `json:"model,omitempty"`   // its files, by name
	Lineage []string                  `json:"lineage,omitempty"` // of embedded tables, as model.Lineage has it
	Counts  counts                    `json:"counts"`
	Seconds float64                   `json:"seconds"`
	CPU     float64                   `json:"cpu_seconds"`       // of user and system
	Memory  int64                     `json:"memory,omitempty"`  // most bytes of a process that does nothing but tasks
	Input   string                    `json:"input,omitempty"`   // of a task: hash of the shard that it read
	Summary string                    `json:"summary,omitempty"` // of a sink
	Refusal string                    `json:"refusal,omitempty"` // of a stage: why the run must not go on
	Failure string                    `json:"failure,omitempty"` // why it could not be made
	Short   bool                      `json:"short,omitempty"`   // because of that: a Shortage
	Spoiled []string                  `json:"spoiled,omitempty"` // because of that: objects of the store that are damaged or gone
	Files   map[string]string         `json:"files,omitempty"`   // of a sink: what it wrote, as the configuration would name it, with hashes
}

// bytes are those of the shards and the model.
func (n note) bytes() (sum int64) {
	for _, parts := range n.Shards {
		for _, part := range parts {
			sum += part.Bytes
		}
	}
	for _, file := range n.Model {
		sum += file.Bytes
	}
	return sum
}

// done is the name of the note of a whole step.
const done = "done"

func taskName(number int) string { return fmt.Sprintf("task-%05d", number) }

// complete tells whether the files that a note describes are still there, as long as they were, and a model's folder too if
// there should be one. That their content is the same is for Verify to find out, which has to read them.
func (s store) complete(k key, n note, hasModel bool) bool {
	if hasModel && !isThere(s.model(k), 0) {
		return false
	}
	for name, file := range n.Model {
		if !isThere(filepath.Join(s.model(k), name), file.Bytes) {
			return false
		}
	}
	for table, shards := range n.Shards {
		for _, part := range shards {
			if !isThere(s.shard(k, table, part.Number), part.Bytes) {
				return false
			}
		}
	}
	return true
}

// isThere tells whether there is a file or folder, of that many bytes unless they are 0.
func isThere(path string, bytes int64) bool {
	stat, err := os.Stat(path)
	return err == nil && (bytes == 0 || stat.Size() == bytes)
}

// read returns the note of that name, false if there is none, or one that a failing disk, say, has spoiled: whatever it would describe
// is to be made again.
func (s store) read(k key, name string) (note, bool, error) {
	var n note
	file := filepath.Join(s.folder(k), name+".json")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return n, false, nil
	}
	if err != nil {
		return n, false, fmt.Errorf("reading cache: %w", err)
	}
	if err := json.Unmarshal(data, &n); err != nil {
		if s.spoiled != nil {
			s.spoiled(file, err)
		}
		return note{}, false, nil
	}
	return n, true, nil
}

// finished returns the note of that name if there is one and the files are there that it describes.
func (s store) finished(k key, name string) (note, bool, error) {
	n, ok, err := s.read(k, name)
	return n, ok && s.complete(k, n, false), err
}

func (s store) write(k key, name string, n note) error {
	if err := writeJSON(filepath.Join(s.folder(k), name+".json"), n); err != nil {
		return fmt.Errorf("writing cache: %w", err)
	}
	return nil
}

// writeModel writes a step's model and returns what its files hold, by name. Where others may be writing the same, the first one's
// stays.
func (s store) writeModel(ctx context.Context, k key, m *model.Model, shared bool) (map[string]content.Sum, error) {
	folder, files := s.model(k), map[string]content.Sum{}
	if shared {
		folder = sinks.Beside(folder)
		defer os.RemoveAll(folder)
	}
	if err := sinks.WriteModel(folder, m); err != nil {
		return nil, err
	}
	err := filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(folder, file)
		if err == nil {
			files[filepath.ToSlash(name)], err = content.Read(ctx, file, nil)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading back the model: %w", err)
	}
	if shared {
		err := os.Rename(folder, s.model(k))
		if _, missing := os.Stat(s.model(k)); missing != nil {
			return nil, fmt.Errorf("writing model: %w", err)
		}
	}
	return files, nil
}

// removeNote removes the note of that name, if there is one.
func (s store) removeNote(k key, name string) error {
	if err := os.Remove(filepath.Join(s.folder(k), name+".json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing from cache: %w", err)
	}
	return nil
}

// writeJSON writes v to a file that appears complete or not at all.
func writeJSON(file string, v any) error {
	var text bytes.Buffer
	w := json.NewEncoder(&text)
	w.SetIndent("", "  ")
	w.SetEscapeHTML(false) // it is for people
	if err := w.Encode(v); err != nil {
		return err
	}
	f, err := sinks.Create(file)
	if err != nil {
		return err
	}
	_, err = f.Write(text.Bytes())
	return f.Publish(err)
}
