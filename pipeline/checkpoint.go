package pipeline

import (
	"encoding/json"
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
// is of the same inputs and configuration, and goes when that is complete. Beside it stands what it has cost so far.
type checkpoint struct {
	path    string
	every   time.Duration
	saved   time.Time
	started time.Time
	cpu     *spell
	before  expense // what earlier runs spent up to the state that they saved last
}

// An expense is what a unit has taken, as far as it is of use.
type expense struct {
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu_seconds"`
}

func (r *Run) checkpoint(u *unit, cpu *spell) *checkpoint {
	now := time.Now()
	return &checkpoint{path: filepath.Join(r.store.folder(u.key), "checkpoint"), every: r.options.Checkpoint, saved: now, started: now, cpu: cpu}
}

func (c *checkpoint) expenseFile() string { return c.path + "-expense.json" }

// spent reads what earlier runs spent, and adds it to what is saved from now on.
func (c *checkpoint) spent() (expense, error) {
	data, err := os.ReadFile(c.expenseFile())
	if errors.Is(err, fs.ErrNotExist) {
		return expense{}, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &c.before)
	}
	if err != nil {
		return expense{}, fmt.Errorf("reading what earlier runs spent: %w", err)
	}
	return c.before, nil
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
	return writeJSON(c.expenseFile(), expense{c.before.Seconds + time.Since(c.started).Seconds(), c.before.CPU + c.cpu.soFar()})
}

func (c *checkpoint) remove() error {
	for _, file := range []string{c.path, c.expenseFile()} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing checkpoint: %w", err)
		}
	}
	return nil
}
