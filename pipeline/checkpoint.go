package pipeline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ferry-clir/ferry/sinks"
)

// A checkpoint is the file with the state of a unit that is being made. It lies where the unit's result will, so that it
// is of the same inputs and configuration, and goes when that is complete.
type checkpoint struct {
	path  string
	every time.Duration
	saved time.Time
}

func (r *Run) checkpoint(u *unit) *checkpoint {
	return &checkpoint{filepath.Join(r.store.folder(u.key), "checkpoint"), r.options.Checkpoint, time.Now()}
}

// Open opens the state that was saved last, by this run or an earlier one.
func (c *checkpoint) Open() (io.ReadCloser, error) {
	f, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening checkpoint: %w", err)
	}
	return f, nil
}

// Save saves a state if it is time, or the last time.
func (c *checkpoint) Save(last bool, write func(io.Writer) error) error {
	if !last && time.Since(c.saved) < c.every {
		return nil
	}
	f, err := sinks.Create(c.path)
	if err != nil {
		return err
	}
	if err := f.Publish(write(f)); err != nil {
		return err
	}
	c.saved = time.Now()
	return nil
}

func (c *checkpoint) remove() error {
	if err := os.Remove(c.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing checkpoint: %w", err)
	}
	return nil
}
