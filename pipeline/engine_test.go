package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/pipeline/objects/objectstest"
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
	c := onMachine(ctx, cores, condition+"echo '{}'; cat >/dev/null")
	in, err := c.StdinPipe()
	out, piped := c.StdoutPipe()
	if err = errors.Join(err, piped); err == nil {
		err = c.Start()
	}
	if err == nil {
		err = json.NewDecoder(out).Decode(&answer)
	}
	if err == nil && answer.Outcome == "" {
		w.chosen = append(w.chosen, cores) // no other process has the lock
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
	n := map[string]int{}
	for _, a := range w.answers {
		n[a.Step+" "+a.Outcome]++
	}
	return n
}

const somewhere = "sc://somewhere"

// sameAsAlone compares what lies in two folders after a run of each.
func sameAsAlone(t *testing.T, folder, alone string) {
	t.Helper()
	compare(t, outputs(t, folder), outputs(t, alone))
	compare(t, cacheSums(t, folder), cacheSums(t, alone))
	if got, want := stepCounts(t, folder), stepCounts(t, alone); got != want {
		t.Errorf("the manifest counts\n%s\nwant\n%s", got, want)
	}
	parts := unfinished(t, folder)
	left, err := filepath.Glob(filepath.Join(folder, ".ferry/tasks/*"))
	if err != nil || len(parts)+len(left) > 0 {
		t.Errorf("left behind: %v %v, %v", parts, left, err)
	}
}

// TestEngine has an engine do what can be done elsewhere: all is as a run leaves it that does everything itself, and which
// makes nothing again afterwards.
func TestEngine(t *testing.T) {
	alone, file := folderWith(t, "whole.yaml")
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	folder, file := folderWith(t, "whole.yaml")
	var w workshop
	if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: &w}); err != nil {
		t.Fatal(err)
	}
	sameAsAlone(t, folder, alone)
	done := w.outcomes()
	for _, step := range []string{"stages.teacher", "stages.pairs", "stages.transported", "stages.documents", "stages.queries", "stages.hits"} {
		if done[step+" "+taskDone] == 0 {
			t.Errorf("%s was not made elsewhere: %v", step, done)
		}
	}
	var o order
	if err := run(t.Context(), t, file, Options{Reporter: &o}); err != nil || len(o.told) > 0 {
		t.Errorf("a run makes again %q: %v", o.told, err)
	}
}

// TestEngineLargest has trainings done on the machine with the most cores, once each, or anywhere if that is gone; where all are alike, or
// the engine would end one for the other, nobody is asked to leave anything to others.
func TestEngineLargest(t *testing.T) {
	if _, err := exec.LookPath("flock"); err != nil {
		t.Skipf("machines are found by a shell that locks: %v", err)
	}
	want := trained(t)
	for _, c := range []struct {
		machines []string
		races    bool
		gone     int
		left     int // by how many
		chosen   []string
	}{
		{[]string{"1", "8", "8"}, false, 0, 2, []string{"8"}},
		{[]string{"8", "1"}, false, 1, 2, nil},
		{[]string{"8", "1"}, true, 0, 0, nil},
		{[]string{"2", "2"}, false, 0, 0, nil},
	} {
		folder, file := training(t)
		w := &workshop{machines: c.machines, races: c.races, gone: c.gone}
		if err := run(t.Context(), t, withStore(t, file, ""), Options{Engine: somewhere, engine: w}); err != nil {
			t.Fatal(err)
		}
		compare(t, outputs(t, folder), want)
		if n := w.outcomes(); n["stages.student "+taskDone] != 1 || n[" "+taskLeft] != c.left || !slices.Equal(w.chosen, c.chosen) {
			t.Errorf("%v, %d gone: %v, on machines %v", c.machines, c.gone, n, w.chosen)
		}
	}
}

// TestEngineGoesOn loses the engine after three tasks: the run says so, and the next one, with or without it, does what is missing
// and nothing else.
func TestEngineGoesOn(t *testing.T) {
	alone, file := badText(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, again := range []string{somewhere, LocalEngine} {
		folder, file := badText(t)
		var begun sync.Map
		lost := &workshop{before: func(l TaskLine) error {
			if begun.Store(*l.Shard, true); *l.Shard < 3 {
				return nil
			}
			return errors.New("the lights went out")
		}}
		err := run(t.Context(), t, file, Options{Engine: somewhere, engine: lost})
		if err == nil || !strings.Contains(err.Error(), "having tasks done at sc://somewhere: the lights went out; what is finished is kept") {
			t.Errorf("the run ends with %v", err)
		}
		made, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/*/*.arrow"))
		if err != nil || len(made) < 3 {
			t.Fatalf("%v, %v", made, err)
		}
		before := changedAt(t, made)
		w := &workshop{}
		if err := run(t.Context(), t, file, Options{Engine: again, engine: w}); err != nil {
			t.Fatal(err)
		}
		if after := changedAt(t, made); !slices.Equal(after, before) {
			t.Error("what was there was made again")
		}
		if again == LocalEngine && len(w.answers) > 0 || again == somewhere && len(w.answers) == 0 {
			t.Errorf("%s does %v", again, w.outcomes())
		}
		sameAsAlone(t, folder, alone)
	}
}

// TestEngineSeconds has two steps done in one wave, and says of both how long they took.
func TestEngineSeconds(t *testing.T) {
	folder, file := badText(t)
	began := time.Now()
	if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: &workshop{}}); err != nil {
		t.Fatal(err)
	}
	took, all := time.Since(began).Seconds(), 0.0
	for _, s := range manifestIn(t, folder).Steps {
		if !strings.HasPrefix(s.Step, "stages.") {
			continue
		}
		if all += s.Seconds; s.Seconds <= 0 || s.CPU <= 0 {
			t.Errorf("%s took %v s, and %v s of CPU", s.Step, s.Seconds, s.CPU)
		}
	}
	if all > took {
		t.Errorf("both took %v s, of %v", all, took)
	}
}

var shortElsewhere = regexp.MustCompile(`^stages\.(\w+): ferry has taken 967\.4 GB of memory for stages\.(\w+), and memory: 900GiB .*allows less`)

// TestEngineShort has a step on another machine take more memory than the pipeline allows: the run ends as one does that takes it
// itself.
func TestEngineShort(t *testing.T) {
	for _, store := range []string{"", "file://" + t.TempDir()} {
		t.Setenv("FERRY_CACHE", t.TempDir())
		folder := t.TempDir()
		file := filepath.Join(folder, "pipeline.yaml")
		put(t, file, small)
		put(t, filepath.Join(folder, "documents.jsonl"), lines(40, `{"language": "en", "id": "d%d", "text": "the alarm of number %d"}`))
		var looks atomic.Int32
		full := make(chan struct{})
		w := &workshop{apart: store != "", takes: func() int64 {
			if looks.Add(1) == 3 { // the first two were the first look
				close(full)
			}
			return 901 << 30
		}, slowly: func(string) { <-full }}
		err := loadSmall(t, file, "memory=900GiB", "store="+store).Run(t.Context(), Options{Reporter: &events{}, Engine: somewhere, engine: w})
		if got := shortage(t, err); !shortElsewhere.MatchString(got) {
			t.Error(got)
		}
	}
}

// TestEngineSilent has no task end until the user is told that none does.
func TestEngineSilent(t *testing.T) {
	defer func(before time.Duration) { longSilence = before }(longSilence)
	longSilence = 10 * time.Millisecond
	_, file := badText(t)
	told := make(chan struct{})
	tell := sync.OnceFunc(func() { close(told) })
	w := &workshop{before: func(TaskLine) error {
		select {
		case <-told:
			return nil
		case <-time.After(30 * time.Second):
			return errors.New("nobody was told")
		}
	}}
	reporter := &events{warn: func(step, warning string) {
		if step == "engine" && strings.Contains(warning, "no task has ended") {
			tell()
		}
	}}
	if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: w, Reporter: reporter}); err != nil {
		t.Error(err)
	}
}

// TestEngineUnneeded runs with an engine that nobody reaches: it is not asked for what is done, or is done here, and without it nothing
// is begun that needs it.
func TestEngineUnneeded(t *testing.T) {
	file := putSmall(t)
	p := loadSmall(t, file, "engine=sc://127.0.0.1:1")
	for _, made := range []string{"out", ".ferry/cache"} {
		if err := p.Run(t.Context(), Options{Reporter: &events{}}); err != nil {
			t.Fatalf("before %s was removed: %v", made, err)
		}
		for _, folder := range []string{"out", made} {
			if err := os.RemoveAll(filepath.Join(filepath.Dir(file), folder)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var told events
	if err := p.Run(t.Context(), Options{Reporter: &told}); err == nil || !strings.Contains(err.Error(), "connecting to the engine at sc://127.0.0.1:1") {
		t.Error(err)
	}
	if told.count.Load() != 1 {
		t.Error("something else was begun than the engine")
	}
}

func changedAt(t *testing.T, files []string) (times []time.Time) {
	t.Helper()
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, info.ModTime())
	}
	return times
}

// TestEngineTriesAgain has each task fail on three machines, and a file be gone on a fourth.
func TestEngineTriesAgain(t *testing.T) {
	alone, file := badText(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	folder, file := badText(t)
	var mutex sync.Mutex
	tries := map[int]int{}
	w := &workshop{before: func(l TaskLine) error {
		mutex.Lock()
		defer mutex.Unlock()
		if tries[*l.Shard]++; tries[*l.Shard] < 4 {
			return errors.New("no such luck")
		}
		return nil
	}}
	if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: w}); err != nil {
		t.Fatal(err)
	}
	sameAsAlone(t, folder, alone)
	if done := w.outcomes(); len(done) != 1 || done["stages.vectors "+taskDone] != len(tries) {
		t.Errorf("%v, of %d tasks", done, len(tries))
	}
}

// TestEngineFails damages a shard, which no machine can read: the run ends with the words of the one task that failed, what
// others have made stays, and when the shard is made again the run goes on.
func TestEngineFails(t *testing.T) {
	alone, file := badText(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	folder, file := badText(t)
	w := &workshop{before: func(l TaskLine) error {
		if *l.Shard != 1 {
			return nil
		}
		shards, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/jsonl-*/documents-00001.arrow"))
		if err != nil || len(shards) != 1 {
			return fmt.Errorf("%v: %w", shards, err)
		}
		info, err := os.Stat(shards[0])
		if err != nil {
			return err
		}
		return os.WriteFile(shards[0], make([]byte, info.Size()), 0o666)
	}}
	err := run(t.Context(), t, file, Options{Engine: somewhere, engine: w})
	if err == nil || !strings.HasPrefix(err.Error(), "stages.cleaned: reading own.documents: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the run ends with %v", err)
	}
	if bad := quarantined(t, folder); len(bad) != 6 {
		t.Errorf("quarantine is %q", bad)
	}
	sources, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/jsonl-*"))
	if err != nil || len(sources) != 1 || os.RemoveAll(sources[0]) != nil {
		t.Fatal(sources, err)
	}
	if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: &workshop{}}); err != nil {
		t.Fatal(err)
	}
	sameAsAlone(t, folder, alone)
}

// TestEngineInterrupted ends a run while tasks are done elsewhere: they are given up, too.
func TestEngineInterrupted(t *testing.T) {
	_, file := badText(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	var while string
	w := &workshop{before: func(l TaskLine) error {
		while = l.While
		if _, err := os.Stat(while); err != nil {
			t.Error(err)
		}
		cancel(interrupted)
		<-ctx.Done()
		return context.Cause(ctx)
	}}
	if err := run(ctx, t, file, Options{Engine: somewhere, engine: w}); !errors.Is(err, interrupted) {
		t.Errorf("the run ends with %v", err)
	}
	if _, err := os.Stat(while); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("tasks are still wanted: %v", err)
	}
}

// TestEngineWithStore has machines do tasks that have nothing in common with the one that leads the run but a store: there are the
// bytes of a run in one place, all that can be made elsewhere is, and nothing stays there but what others can use.
func TestEngineWithStore(t *testing.T) {
	for name, c := range map[string]struct {
		address string
		make    func(*testing.T) (folder, file string)
		steps   []string // made elsewhere
	}{
		"s3":    {objectstest.Serve(t).Address("p"), badText, []string{"stages.vectors"}},
		"file":  {"file://" + t.TempDir(), whole, []string{"stages.teacher", "stages.pairs", "stages.transported", "stages.documents", "stages.queries", "stages.hits"}},
		"parts": {"file://" + t.TempDir(), divisible, cutSteps},
	} {
		t.Run(name, func(t *testing.T) {
			alone, file := c.make(t)
			if err := run(t.Context(), t, withStore(t, file, ""), Options{}); err != nil {
				t.Fatal(err)
			}
			t.Setenv("FERRY_CACHE", t.TempDir())
			folder, file := c.make(t)
			w := &workshop{apart: true}
			if err := run(t.Context(), t, withStore(t, file, c.address), Options{Engine: somewhere, engine: w}); err != nil {
				t.Fatal(err)
			}
			compare(t, outputs(t, folder), outputs(t, alone))
			if got, want := quarantined(t, folder), quarantined(t, alone); !slices.Equal(got, want) {
				t.Errorf("quarantine is %q, want %q", got, want)
			}
			for _, step := range c.steps {
				if w.outcomes()[step+" "+taskDone] == 0 {
					t.Errorf("%s was not made elsewhere: %v", step, w.outcomes())
				}
			}
			left, err := filepath.Glob(filepath.Join(os.Getenv("FERRY_CACHE"), "tasks-*/work/*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
			again := &workshop{apart: true}
			var o order
			if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: again, Reporter: &o}); err != nil || len(again.answers)+len(o.told) > 0 {
				t.Errorf("a run makes again %v %v: %v", again.outcomes(), o.told, err)
			}
		})
	}
}
