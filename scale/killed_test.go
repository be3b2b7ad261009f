package scale

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const embedding = `
sources:
  own: {kind: jsonl, table: documents, path: own.jsonl, language: en}
models:
  reader: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 128, layers: 4, heads: 4, ffn: 512}
stages:
  cleaned: {kind: clean, from: own}
  vectors: {kind: embed, from: cleaned, model: reader}
sinks:
  vectors: {kind: parquet, from: vectors, path: out/vectors.parquet}
`

// embeddingIn makes a folder with a pipeline that embeds so many documents.
func embeddingIn(t *testing.T, documents int) (folder string) {
	t.Helper()
	folder = pipelineIn(t, embedding)
	var text bytes.Buffer
	for i := range documents {
		fmt.Fprintf(&text, "{\"id\": \"%d\", \"text\": \"%s%d\"}\n", i, strings.Repeat("the alarm should ring at noon tomorrow ", 3), i)
	}
	if err := os.WriteFile(filepath.Join(folder, "own.jsonl"), text.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return folder
}

// published are the files of tasks that are done, with the times of their last change.
func published(t *testing.T, folder string) map[string]time.Time {
	t.Helper()
	notes, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/embed-*/task-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]time.Time{}
	for _, note := range notes {
		shard := strings.NewReplacer("task-", "vectors-", ".json", ".arrow").Replace(note)
		for _, file := range []string{note, shard} {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			times[file] = info.ModTime()
		}
	}
	return times
}

// wanted are the files by which runs say that they want tasks done; a run that was killed leaves its own to the next.
func wanted(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, ".ferry/tasks/while-*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// interrupted starts a run, lets a task more be done, interferes, and returns how the run ends and what it says.
func interrupted(t *testing.T, folder, address string, interfere func(run *exec.Cmd)) (error, string) {
	t.Helper()
	old := wanted(t, folder)
	var said bytes.Buffer
	run := command(folder, "run", "--engine", address)
	run.Stdout, run.Stderr = &said, &said
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	begun := func() bool {
		return slices.ContainsFunc(wanted(t, folder), func(file string) bool { return !slices.Contains(old, file) })
	}
	for before := -1; before < 0 || len(published(t, folder)) == before; {
		if before < 0 && begun() {
			before = len(published(t, folder))
		}
		select {
		case err := <-ended:
			t.Fatalf("it ended before anything was done: %v: %s", err, said.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	interfere(run)
	return <-ended, said.String()
}

// TestKilled interrupts ferry, kills it, kills executors, and kills the Connect server, each in the middle of the run before: what
// was published is not made again, and in the end there are the bytes of a run in peace.
func TestKilled(t *testing.T) {
	c := spark(t)
	peace, folder := embeddingIn(t, 80_000), embeddingIn(t, 80_000)
	if out, err := command(peace, "run").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	kept := map[string]time.Time{}
	unchanged := func() {
		t.Helper()
		now := published(t, folder)
		for file, at := range kept {
			if !now[file].Equal(at) {
				t.Errorf("%s was made again", file)
			}
		}
		kept = now
	}
	if err, said := interrupted(t, folder, c.Address, func(run *exec.Cmd) { run.Process.Signal(os.Interrupt) }); run(err) != 130 {
		t.Errorf("interrupted: %v: %s", err, said)
	}
	for began := time.Now(); tasks(t) > 0; time.Sleep(100 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("%d tasks go on after the run was interrupted", tasks(t))
		}
	}
	unchanged()
	if err, said := interrupted(t, folder, c.Address, func(run *exec.Cmd) { run.Process.Kill() }); err == nil {
		t.Errorf("killed: %s", said)
	}
	unchanged()
	if err, said := interrupted(t, folder, c.Address, func(*exec.Cmd) {
		if err := c.KillConnect(); err != nil {
			t.Error(err)
		}
	}); run(err) != 1 || !strings.Contains(said, "the next run goes on from there, with the engine or --engine local") {
		t.Errorf("without a server: %v: %s", err, said)
	}
	unchanged()
	if out, err := command(folder, "run", "--engine", c.Address).CombinedOutput(); run(err) != 1 || !strings.Contains(string(out), "the Connect server does not answer") {
		t.Errorf("without a server: %v: %s", err, out)
	}
	if err := c.StartConnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err, said := interrupted(t, folder, c.Address, func(*exec.Cmd) { c.killExecutors(t) }); err != nil {
		t.Errorf("without executors: %v: %s", err, said)
	}
	unchanged()
	same(t, folder, outputs(t, peace))
	var manifest struct{ Engine string }
	data, err := os.ReadFile(filepath.Join(folder, "out/pipeline.manifest.json"))
	if err != nil || json.Unmarshal(data, &manifest) != nil || manifest.Engine != c.Address {
		t.Errorf("the manifest tells of the engine %q, %v", manifest.Engine, err)
	}
}

// run is the exit code of a run.
func run(err error) int {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	return 0
}

// tasks are the processes of this test's ferry that do tasks.
func tasks(t *testing.T) int {
	t.Helper()
	return processes(t, func(line string) bool { return strings.HasPrefix(line, ferry+"\x00task\x00") })
}

// processes counts those with such a command line.
func processes(t *testing.T, such func(line string) bool) (n int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if line, err := os.ReadFile(file); err == nil && such(string(line)) {
			n++
		}
	}
	return n
}

// killExecutors kills the processes that the workers have started.
func (c *Cluster) killExecutors(t *testing.T) {
	t.Helper()
	killed := 0
	for _, p := range c.processes {
		out, _ := exec.Command("pgrep", "-P", strconv.Itoa(p.Process.Pid)).Output() // fails where there is none
		for child := range strings.Lines(string(out)) {
			pid, err := strconv.Atoi(strings.TrimSpace(child))
			if err != nil || syscall.Kill(pid, syscall.SIGKILL) != nil {
				t.Errorf("process %q cannot be killed", child)
			}
			killed++
		}
	}
	if killed == 0 {
		t.Error("there are no executors")
	}
}
