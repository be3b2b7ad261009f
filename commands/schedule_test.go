package commands

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestSchedule lets a real scheduler run a pipeline every second, beside another whose file has yet to come, and one whose work
// folder cannot be made: it takes in what changes, calls its hooks, keeps a second scheduler out, gives status and runs what they show, and ends well on SIGTERM.
func TestSchedule(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("pipeline.yaml", `
name: often
schedule:
  cron: "@every 1s"
  keep: 2
  on_success: {command: [sh, -c, "cat >>succeeded; while [ -e hold ]; do sleep 0.1; done"]}
  on_failure: {command: [sh, -c, "cat >>failed; echo no; exit 3", "${FERRY_TEST_SECRET}"]}
sources:
  documents: {kind: jsonl, path: documents.jsonl, language: en}
sinks:
  documents: {kind: parquet, from: documents, path: out/documents.parquet}
`)
	write("late.yaml", `
work: .ferry-late
schedule: {cron: "@every 1s", on_failure: {command: [tee, late.json]}, on_success: {command: [tee, come.json]}}
sources:
  documents: {kind: jsonl, path: late.jsonl, language: en}
sinks:
  documents: {kind: parquet, from: documents, path: out/late.parquet}
`)
	write("wrong.yaml", strings.Replace(read(folder, "late.yaml"), "from: documents", "from: document", 1))
	write("blocked.yaml", strings.NewReplacer("late", "blocked", "come", "freed").Replace(read(folder, "late.yaml")))
	write("blocked.jsonl", `{"id": "d1", "text": "noon"}`)
	write(".ferry-blocked", "is no folder")
	t.Setenv("FERRY_TEST_SECRET", "hunter2hunter2")
	write("documents.jsonl", `{"id": "d1", "text": "noon"}`+"\n")
	expect(t, 1, ferry(folder, "status"), "often (pipeline.yaml)", "last none", "no scheduler is at work")
	expect(t, Wrong, ferry(folder, "schedule", "pipeline.yaml", "wrong.yaml"), `did you mean "documents"?`)
	scheduler, log := startScheduler(t, folder, "schedule", "pipeline.yaml", "late.yaml", "blocked.yaml", "--log", "json")
	wait(t, func() bool { return read(folder, "succeeded") != "" })
	owner := fmt.Sprintf("process %d on ", scheduler.Process.Pid)
	expect(t, Busy, ferry(folder, "schedule", "pipeline.yaml"), "another scheduler is at work for pipeline.yaml: "+owner)
	expect(t, Done, ferry(folder, "status"), "scheduler "+owner, "last succeeded at ")
	expect(t, Done, ferry(folder, "runs"), "succeeded", "attempt 1")
	wait(t, func() bool { return strings.Contains(read(folder, "late.json"), "late.jsonl does not exist") })
	expect(t, 1, ferry(folder, "status", "late.yaml"), "last failed at ", "late.jsonl does not exist")
	write("late.jsonl", `{"id": "d1", "text": "noon"}`)
	wait(t, func() bool { return read(folder, "come.json") != "" })
	wait(t, func() bool { return strings.Contains(read(folder, "blocked.json"), ".ferry-blocked: not a directory") })
	if err := os.Remove(filepath.Join(folder, ".ferry-blocked")); err != nil {
		t.Fatal(err)
	}
	wait(t, func() bool { return read(folder, "freed.json") != "" })
	expect(t, Busy, ferry(folder, "schedule", "blocked.yaml"), owner)

	write("documents.jsonl", `{"id": "d1", "text": "noon"}`+"\n"+`{"id": "d2"`)
	wait(t, func() bool { return strings.Contains(log.String(), "a hook failed") })
	expect(t, 1, ferry(folder, "status"), "last failed at ", "succeeded last at ", "documents.jsonl:2: bad_json")
	var told struct{ Pipeline, Outcome, Error string }
	if err := json.NewDecoder(strings.NewReader(read(folder, "failed"))).Decode(&told); err != nil || told.Pipeline != "often" || told.Outcome != "failed" || !strings.Contains(told.Error, "bad_json") {
		t.Errorf("the hook was told %+v, %v", told, err)
	}
	write("hold", "")                                                                                              // from now on no run follows one that succeeds
	write("pipeline.yaml", strings.Replace(read(folder, "pipeline.yaml"), "sinks:", "max_bad_rows: 1\nsinks:", 1)) // read again for each run
	wait(t, func() bool {
		return strings.LastIndex(log.String(), `"succeeded","pipeline":"often"`) > strings.LastIndex(log.String(), "a hook failed")
	})

	if err := scheduler.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := scheduler.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	expect(t, 1, ferry(folder, "status"), "last succeeded at ", "no scheduler is at work")
	runs := expect(t, Done, ferry(folder, "runs"), "STARTED", "QUARANTINED")
	if lines := strings.Count(runs, "\n"); lines != 3 {
		t.Errorf("%d lines, want a head and 2 runs:\n%s", lines, runs)
	}
	for line := range strings.Lines(log.String()) {
		if !json.Valid([]byte(line)) || strings.Contains(line, "hunter2") {
			t.Errorf("log line %s", line)
		}
	}
}

// TestScheduleKilled kills a scheduler while it trains: the locks that it leaves count for nothing, the run is seen to be lost,
// the next scheduler tells of that once, goes on with the run, and is stopped in the middle.
func TestScheduleKilled(t *testing.T) {
	folder := t.TempDir()
	expect(t, Done, ferry(folder, "init"))
	args := []string{"schedule", "pipeline.yaml", "--workers", "2", "--checkpoint", "1ns", "--set", `schedule.cron="* * * * *"`, "--set", "stages.teacher.epochs=100", "--set", "stages.teacher.micro_batch=32",
		"--set", `schedule.on_failure.command=["tee", "-a", "failed"]`}
	status := []string{"status", "--set", `schedule.cron="* * * * *"`}
	// A run has been due since the last full minute.
	settled := filepath.Join(folder, ".ferry/runs/starter/schedule.json")
	expect(t, 1, ferry(folder, status...))
	if err := os.MkdirAll(filepath.Dir(settled), 0o777); err != nil {
		t.Fatal(err)
	}
	last := fmt.Sprintf(`{"cron": "* * * * *", "timezone": "UTC", "until": %q}`, time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	if err := os.WriteFile(settled, []byte(last), 0o666); err != nil {
		t.Fatal(err)
	}
	expect(t, 1, ferry(folder, status...), "a run is overdue since ")

	scheduler, _ := startScheduler(t, folder, args...)
	wait(t, func() bool { return savedStep(folder, "train") >= 3 })
	expect(t, Done, ferry(folder, status...), "running since ")
	expect(t, Busy, ferry(folder, "run"), fmt.Sprintf("process %d on ", scheduler.Process.Pid))
	scheduler.Process.Kill()
	scheduler.Wait()
	expect(t, 1, ferry(folder, status...), "last lost after ", "ended without a word", "no scheduler is at work")

	before := savedStep(folder, "train")
	scheduler, _ = startScheduler(t, folder, args...)
	wait(t, func() bool { return savedStep(folder, "train") > before })
	if told := read(folder, "failed"); strings.Count(told, `"outcome":"lost"`) != 1 || strings.Count(told, "\n") != 1 {
		t.Errorf("the hook was told %q", told)
	}
	if err := scheduler.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := scheduler.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	runs := expect(t, Done, ferry(folder, "runs"))
	if !regexp.MustCompile(`(?s)lost .*due at.*interrupted .*due at`).MatchString(runs) {
		t.Errorf("runs:\n%s", runs)
	}
	if step := savedStep(folder, "train"); step <= before {
		t.Errorf("step %d after %d", step, before)
	}
}

// startScheduler starts ferry and gathers what it logs. It is killed at the test's end.
func startScheduler(t *testing.T, folder string, args ...string) (*exec.Cmd, *logged) {
	t.Helper()
	command, log := ferry(folder, args...), &logged{}
	command.Stderr = log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		if t.Failed() {
			t.Logf("log:\n%s", log)
		}
	})
	return command, log
}

// A logged is what a process has written so far.
type logged struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// wait waits until something is so.
func wait(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// expect runs a command that must end with a code and say some things, however it spaces them.
func expect(t *testing.T, code int, command *exec.Cmd, says ...string) string {
	t.Helper()
	out, _ := command.CombinedOutput()
	if got := command.ProcessState.ExitCode(); got != code {
		t.Errorf("%v ends with %d, want %d:\n%s", command.Args, got, code, out)
	}
	words := strings.Join(strings.Fields(string(out)), " ")
	for _, want := range says {
		if !strings.Contains(words, want) {
			t.Errorf("%v does not say %q:\n%s", command.Args, want, out)
		}
	}
	return string(out)
}

func read(folder, name string) string {
	text, _ := os.ReadFile(filepath.Join(folder, name))
	return string(text)
}
