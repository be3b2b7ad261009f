package commands

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestWatchSchedule asks a real scheduler how it is: it is ready, until a run fails and after one has succeeded again. Its port is
// taken for others, before they do anything. SIGTERM does not wait for who is being answered.
func TestWatchSchedule(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("pipeline.yaml", `
name: often
schedule: {cron: "@every 1s"}
sources:
  documents: {kind: jsonl, path: documents.jsonl, language: en}
sinks:
  documents: {kind: parquet, from: documents, path: out/documents.parquet}
`)
	write("documents.jsonl", `{"id": "d1", "text": "noon"}`+"\n")
	scheduler, log := startScheduler(t, folder, "schedule", "pipeline.yaml", "--listen", "0", "--pprof")
	address := listening(t, log)
	waitFor(t, address+"/readyz", http.StatusOK, "often: ready: last run succeeded at ")
	waitFor(t, address+"/healthz", http.StatusOK, "live")
	waitFor(t, address+"/metrics", http.StatusOK, `ferry_run_last_outcome{outcome="succeeded",pipeline="often"} 1`)
	waitFor(t, address+"/debug/pprof/cmdline", http.StatusNotFound, "")

	elsewhere := t.TempDir()
	expect(t, Done, ferry(elsewhere, "init"))
	expect(t, Wrong, ferry(elsewhere, "run", "--listen", strings.TrimPrefix(address, "http://")), "another process listens there")
	if _, err := os.Stat(filepath.Join(elsewhere, ".ferry/runs")); err == nil {
		t.Error("a run for which there was no port has worked")
	}
	expect(t, Wrong, ferry(elsewhere, "run", "--listen", "localhost:http"), "--listen should be an address such as 127.0.0.1:9090")
	expect(t, Wrong, ferry(elsewhere, "run", "--pprof"), "--pprof needs --listen")

	write("documents.jsonl", `{"id": "d1", "text": "noon"}`+"\n"+`{"id": "d2"`)
	waitFor(t, address+"/readyz", http.StatusServiceUnavailable, "often: not ready: the last run did not succeed; last run failed at ")
	waitFor(t, address+"/readyz", http.StatusServiceUnavailable, "documents.jsonl:2: bad_json")
	waitFor(t, address+"/metrics", http.StatusOK, `ferry_run_last_outcome{outcome="failed",pipeline="often"} 1`)
	write("documents.jsonl", `{"id": "d1", "text": "noon"}`+"\n")
	waitFor(t, address+"/readyz", http.StatusOK, "often: ready: last run succeeded at ")

	response, err := http.Get(address + "/debug/pprof/trace?seconds=300")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := scheduler.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := scheduler.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err == nil {
		t.Error("the scheduler has waited for somebody who was being answered")
	}
}

// TestWatchRun asks a real run that trains, and warns where others than this machine may.
func TestWatchRun(t *testing.T) {
	folder := t.TempDir()
	expect(t, Done, ferry(folder, "init"))
	run, log := startScheduler(t, folder, "run", "--listen", "0.0.0.0:0", "--log", "plain", "--workers", "2", "--set", "stages.teacher.epochs=100")
	address := strings.Replace(listening(t, log), "0.0.0.0", "127.0.0.1", 1)
	if !strings.Contains(log.String(), "they need no password") {
		t.Errorf("no warning in\n%s", log)
	}
	waitFor(t, address+"/metrics", http.StatusOK, `ferry_step_state{kind="train",pipeline="starter",state="running",step="stages.teacher"} 1`)
	waitFor(t, address+"/metrics", http.StatusOK, `ferry_training_loss{kind="train",pipeline="starter",step="stages.teacher"} `)
	waitFor(t, address+"/readyz", http.StatusOK, "starter: ready: run 2")
	waitFor(t, address+"/debug/pprof/", http.StatusNotFound, "")
	if err := run.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	run.Wait()
	if got := run.ProcessState.ExitCode(); got != 130 {
		t.Errorf("ended with %d", got)
	}
}

// listening is where a process says that it listens.
func listening(t *testing.T, log *logged) (address string) {
	t.Helper()
	wait(t, func() bool {
		address = regexp.MustCompile(`http://[0-9.:]+`).FindString(log.String())
		return address != ""
	})
	return address
}

// waitFor waits until a server answers in such a way.
func waitFor(t *testing.T, address string, status int, says string) {
	t.Helper()
	got, text := 0, ""
	defer func() {
		if t.Failed() {
			t.Logf("%s answered %d, %s", address, got, text)
		}
	}()
	wait(t, func() bool {
		response, err := http.Get(address)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		got, text = response.StatusCode, string(body)
		return got == status && strings.Contains(text, says)
	})
}
