package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/ferry-clir/ferry/pipeline/host"
	"github.com/ferry-clir/ferry/pipeline/objects"
)

// An Executor does tasks of runs that another process leads, one after the other. That two do the same task at the same time
// does no harm: both make the same bytes, and files appear complete.
type Executor struct {
	options Options
	told    *progressReporter // of the options
	crew    *crew             // of the task before, whose models are in memory
	depot   *depot            // of its store; nil if it had none
}

// NewExecutor returns an Executor; Close must be called in the end.
func NewExecutor(o Options) *Executor {
	told := &progressReporter{Reporter: o.Reporter}
	o.Reporter = told
	return &Executor{options: o, told: told}
}

// Close forgets the models that are open, and removes what no later task reads.
func (e *Executor) Close() error {
	e.dismiss()
	if e.depot == nil {
		return nil
	}
	d := e.depot
	e.depot = nil
	return d.close()
}

func (e *Executor) dismiss() {
	if e.crew != nil {
		e.crew.close()
	}
	e.crew = nil
}

// arrive opens the store of a task; nil if it has none.
func (e *Executor) arrive(ctx context.Context, l TaskLine) (*objects.Store, error) {
	if l.Pack == "" {
		return nil, nil
	}
	if e.depot == nil || e.depot.address != l.Store {
		err := e.Close()
		if err == nil {
			e.depot, err = openDepot(ctx, l.Store)
		}
		if err != nil {
			return nil, err
		}
	}
	return e.depot.objects, nil
}

// A TaskAnswer tells how it went with a task.
type TaskAnswer struct {
	Key     string  `json:"key"`
	Step    string  `json:"step"` // that was made last, or failed
	Shard   *int    `json:"shard,omitempty"`
	Outcome string  `json:"outcome"` // done, present (it was done already) or failed
	Rows    int64   `json:"rows"`    // of the result
	Seconds float64 `json:"seconds"`
	Memory  int64   `json:"memory,omitempty"` // most bytes of this process so far
	Error   string  `json:"error,omitempty"`
}

// The outcomes of tasks.
const (
	taskDone    = "done"
	taskPresent = "present"
	taskFailed  = "failed"
)

// Do does the task that a line tells of. What is wrong with the task, and would be elsewhere too, stands in the answer; an
// error is this machine's, and the task may go well when it is tried again on another.
func (e *Executor) Do(ctx context.Context, line []byte) (TaskAnswer, error) {
	var l TaskLine
	if err := json.Unmarshal(line, &l); err != nil {
		return TaskAnswer{Outcome: taskFailed, Error: fmt.Sprintf("the line is no task, of those that `ferry plan --json` prints: %s", err)}, nil
	}
	answer := TaskAnswer{Key: l.Key, Shard: l.Shard, Outcome: taskFailed}
	if len(l.Steps) == 0 {
		answer.Error = "the line names no steps"
		return answer, nil
	}
	began := time.Now()
	opened, err := e.arrive(ctx, l)
	if err != nil {
		return answer, err
	}
	ctx, stop := l.while(ctx, opened, e.progressOf(l, opened))
	defer stop()
	c, err := e.open(ctx, l)
	if err == nil {
		err = c.do(ctx, l, &answer)
	} else {
		answer.Step = l.Steps[0]
		err = &machineError{err}
	}
	answer.Seconds, answer.Memory = time.Since(began).Seconds(), host.PeakMemory()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = &machineError{cause}
	}
	if err == nil || !ofMachine(err) {
		return answer, c.tellFailure(ctx, l, err, &answer)
	}
	if l.Shard != nil {
		return answer, fmt.Errorf("%s, shard %d: %w", answer.Step, *l.Shard, err)
	}
	return answer, fmt.Errorf("%s: %w", answer.Step, err)
}

// A machineError is why a task cannot be done on this machine; on another it may be.
type machineError struct{ err error }

func (m *machineError) Error() string { return m.err.Error() }
func (m *machineError) Unwrap() error { return m.err }

// ofMachine tells whether an error is due to the machine, such as a disk that is full or a folder that it does not see.
func ofMachine(err error) bool {
	var machine *machineError
	var path *fs.PathError
	var link *os.LinkError
	var number syscall.Errno
	return errors.As(err, &machine) || errors.As(err, &path) || errors.As(err, &link) || errors.As(err, &number)
}
