package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/sourcegraph/conc/pool"
)

// A workshop is an engine of two executors of this process, which tries each task four times, as Spark does.
type workshop struct {
	mutex    sync.Mutex
	answers  []TaskAnswer
	before   func(l TaskLine) error // each try; an error stands for a machine that fails
	takes    func() int64           // memory of its processes, unless that is the test's
	slowly   func(step string)      // at each sign of progress
	apart    bool                   // its machines do not see the folders of the run, nor its program
	sent     string                 // in place of which they were given this
	brought  bool                   // or had it from an earlier run
	machines []string               // in whose places tasks are done: how many cores each has
	races    bool                   // of processes with others
	gone     int                    // so many of these are not there any more when it comes to tasks
	chosen   []string               // those of machines that did a task which others left to them
	lock     string                 // what they lock in place of /tmp, which the machines of other tests do
}

func (w *workshop) Close() {}

// Ask has each machine say what it is.
func (w *workshop) Ask(ctx context.Context, command string) (answers []string, err error) {
	for _, cores := range w.machines {
		c := onMachine(ctx, cores, command)
		text, err := c.Output()
		if err != nil {
			return nil, err
		}
		answers = append(answers, strings.TrimSpace(string(text)))
	}
	switch {
	case w.brought:
		answers = append(answers, "brought 1 somewhere")
	case w.apart:
		answers = append(answers, "elsewhere 1 somewhere")
	}
	return answers, nil
}

func (w *workshop) Races(context.Context) (bool, error) { return w.races, nil }

// onMachine is a command where a process may use so many cores.
func onMachine(ctx context.Context, cores, command string) *exec.Cmd {
	c := exec.CommandContext(ctx, "bash", "-c", command)
	c.Env = append(os.Environ(), "GOMAXPROCS="+cores)
	return c
}

func (w *workshop) Run(ctx context.Context, command string, lines []string) ([]string, error) {
	condition, program := "", command
	if strings.HasPrefix(command, thisMachine) {
		condition, program, _ = strings.Cut(command, "exit 0; }; ")
		condition += "exit 0; }; "
	}
	if begins := map[bool]string{false: "FERRY_CPU=", true: "for f in ./*/" + w.sent}[w.apart]; !strings.HasPrefix(program, begins) || !strings.Contains(program, " task ") {
		return nil, fmt.Errorf("the command is %q", command)
	}
	var texts []string
	tasks := pool.New().WithContext(ctx).WithMaxGoroutines(2).WithCancelOnError().WithFirstError()
	for i, line := range lines {
		tasks.Go(func(ctx context.Context) (err error) {
			var answer TaskAnswer
			for range 4 {
				if answer, err = w.tryOn(ctx, i, condition, line); err == nil {
					break
				}
			}
			text, _ := json.Marshal(answer)
			w.mutex.Lock()
			defer w.mutex.Unlock()
			w.answers, texts = append(w.answers, answer), append(texts, string(text))
			return err
		})
	}
	return texts, tasks.Wait()
}

// tryOn tries a task on one of the machines, the first not being there any more if it is gone, under a condition in shell.
func (w *workshop) tryOn(ctx context.Context, i int, condition, line string) (answer TaskAnswer, err error) {
	if condition == "" {
		return w.try(ctx, line)
	}
	there := w.machines[w.gone:]
	cores := there[i%len(there)]
	c := onMachine(ctx, cores, strings.Replace(condition, "exec 9</tmp ", "exec 9<"+w.lock+" ", 1)+"echo '{}'; cat >/dev/null")
	in, err := c.StdinPipe()
	out, piped := c.StdoutPipe()
	if err = errors.Join(err, piped); err == nil {
		err = c.Start()
	}
	if err == nil {
		err = json.NewDecoder(out).Decode(&answer)
	}
	if err == nil && answer.Outcome == "" {
		w.mutex.Lock()
		w.chosen = append(w.chosen, cores) // no other process has the lock
		w.mutex.Unlock()
		answer, err = w.try(ctx, line)
	}
	return answer, errors.Join(err, in.Close(), c.Wait())
}

func (w *workshop) Send(_ context.Context, name, file string) error {
	w.sent = name
	_, err := os.Stat(file)
	return err
}

func (w *workshop) try(ctx context.Context, line string) (TaskAnswer, error) {
	var l TaskLine
	if err := json.Unmarshal([]byte(line), &l); err != nil {
		return TaskAnswer{}, err
	}
	if w.before != nil {
		if err := w.before(l); err != nil {
			return TaskAnswer{}, err
		}
	}
	if w.apart {
		l.Pipeline, l.Work = "/nowhere/pipeline.yaml", "/nowhere/.ferry"
		text, err := json.Marshal(l)
		if err != nil {
			return TaskAnswer{}, err
		}
		line = string(text)
	}
	e := NewExecutor(Options{Workers: 1, Reporter: &events{progress: w.slowly}, resident: w.takes})
	answer, err := e.Do(ctx, []byte(line))
	return answer, errors.Join(err, e.Close())
}

// outcomes counts answers by step and outcome.
func (w *workshop) outcomes() map[string]int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	n := map[string]int{}
	for _, a := range w.answers {
		n[a.Step+" "+a.Outcome]++
	}
	return n
}
