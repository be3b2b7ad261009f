package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/sinks"
)

// A checkpoint is the file with the state of a unit that is being made. It lies where the unit's result will, so that it
// is of the same inputs and configuration, and goes when that is complete. Beside it stands how far it is. Where there is a store
// it is put there, too, beside the training that goes on meanwhile, for whoever goes on on another machine.
type checkpoint struct {
	key     key
	path    string
	every   time.Duration
	saved   time.Time
	started time.Time
	cpu     *spell
	before  advance // up to the state that was opened
	mirror  *mirror

	mutex sync.Mutex
	now   advance       // up to the state that was saved last
	fresh chan struct{} // there is one that is to be put; nil where nothing is
	puts  sync.WaitGroup
	stop  context.CancelFunc
}

// An advance is how far a state of training is, and what that has taken, as far as it is of use.
type advance struct {
	Steps   int     `json:"steps"`
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu_seconds"`
}

func (r *Run) checkpoint(u *unit, cpu *spell) *checkpoint {
	now := time.Now()
	return &checkpoint{key: u.key, path: filepath.Join(r.store.folder(u.key), "checkpoint"), every: r.options.Checkpoint, saved: now, started: now,
		cpu: cpu, mirror: r.store.mirror}
}

func (c *checkpoint) expenseFile() string { return c.path + "-expense.json" }

// expense is what the state that is here has taken.
func (c *checkpoint) expense() (spent advance, err error) {
	data, err := os.ReadFile(c.expenseFile())
	if err == nil {
		err = json.Unmarshal(data, &spent)
	}
	return spent, err
}

// savedState says what state of a training is on this machine; nothing if there is none.
func (s store) savedState(k key) string {
	c := checkpoint{path: filepath.Join(s.folder(k), "checkpoint")}
	if !isThere(c.path, 0) {
		return ""
	}
	spent, err := c.expense()
	if err != nil || spent.Steps == 0 {
		return "state of training"
	}
	return fmt.Sprintf("state of training after %d steps", spent.Steps)
}

// Open opens the state of most steps that was saved, by this run or an earlier one, here or on another machine.
func (c *checkpoint) Open(ctx context.Context) (io.ReadCloser, error) {
	var err error
	if c.before, err = c.expense(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading what earlier runs spent: %w", err)
	}
	if !c.mirror.off() {
		if err := c.fetch(ctx); err != nil {
			return nil, err
		}
		c.beginPuts(ctx)
	}
	f, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening checkpoint: %w", err)
	}
	return f, nil
}

// fetch gets the state of the store if it is further than the one that is here.
func (c *checkpoint) fetch(ctx context.Context) error {
	if !isThere(c.path, 0) {
		c.before.Steps = 0
	}
	there, err := c.mirror.getState(ctx, c.key, c.path, c.before)
	if err != nil || there == c.before {
		return err
	}
	c.before = there
	return writeJSON(c.expenseFile(), c.before)
}

// Save saves a state if it is time, or the last time.
func (c *checkpoint) Save(step int, last bool, write func(io.Writer) error) error {
	if !last && time.Since(c.saved) < c.every {
		return nil
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	f, err := sinks.Create(c.path)
	if err != nil {
		return err
	}
	if err := f.Publish(write(f)); err != nil {
		return err
	}
	c.saved = time.Now()
	c.now = advance{step, c.before.Seconds + time.Since(c.started).Seconds(), c.before.CPU + c.cpu.soFar()}
	select {
	case c.fresh <- struct{}{}:
	default: // one is being put, and the newest will be next
	}
	return writeJSON(c.expenseFile(), c.now)
}

func (c *checkpoint) remove() error {
	for _, file := range []string{c.path, c.expenseFile()} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing checkpoint: %w", err)
		}
	}
	return nil
}

// beginPuts puts states into the store from now on, one at a time. That one could not be put is said once, and the next is tried.
func (c *checkpoint) beginPuts(ctx context.Context) {
	ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	c.fresh = make(chan struct{}, 1)
	c.puts.Go(func() {
		told := false
		for range c.fresh {
			if err := c.put(ctx); err != nil && ctx.Err() == nil && !told {
				told = true
				c.mirror.warn(fmt.Sprintf("%v; training goes on, and its next state is tried again: on another machine it would begin from an older one, or anew", err))
			}
		}
	})
}

func (c *checkpoint) put(ctx context.Context) error {
	c.mutex.Lock()
	f, err := os.Open(c.path)
	now := c.now
	c.mutex.Unlock()
	if err != nil {
		return fmt.Errorf("opening checkpoint: %w", err)
	}
	defer f.Close()
	return c.mirror.putState(ctx, c.key, f, now)
}

// longestLastPut is how long a training that was given up may take to put its last state.
const longestLastPut = time.Minute

// close ends what is being put. The last state of a training that err ended is, where nothing else of it stays on this machine.
func (c *checkpoint) close(err error) {
	if c.fresh == nil {
		return
	}
	if err == nil || c.mirror.depot == nil {
		c.stop()
	}
	defer time.AfterFunc(longestLastPut, c.stop).Stop()
	close(c.fresh)
	c.puts.Wait()
	c.stop()
}
