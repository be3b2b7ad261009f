package commands

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSecrets puts a marker wherever a person may have a secret, lets a pipeline fail and succeed, by hand and by the scheduler,
// and looks for it in all that is printed and written.
func TestSecrets(t *testing.T) {
	const marker = "s3cr3t-marker-4711"
	posted := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { posted <- r.URL.Path }))
	defer server.Close()
	for name, value := range map[string]string{"HF_TOKEN": marker + "-hub", "TRANSLATOR_API_KEY": marker + "-\"quoted", "DB_PASSWORD": marker + "-db"} {
		t.Setenv(name, value)
	}
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const fails = "#!/bin/sh\necho \"no access with $*, $HF_TOKEN\" >&2\nexit 3\n"
	write("translate.sh", fails)
	write("queries.jsonl", `{"id": "q1", "language": "sw", "text": "habari"}`+"\n")
	write("runs.txt", "q1 Q0 q1 1 0.5 own\n")
	write("judgments.txt", "q1 0 q1 1\n")
	write("pipeline.yaml", fmt.Sprintf(`
name: secretive
schedule:
  cron: "@every 1s"
  on_success: {webhook: "%[1]s/%[2]s", command: [sh, -c, "echo $1; exit 1", notify, "${DB_PASSWORD}"]}
  on_failure: {webhook: "%[1]s/%[2]s"}
sources:
  queries: {kind: jsonl, path: queries.jsonl, table: queries}
  runs: {kind: trec, run: runs.txt, judgments: judgments.txt}
stages:
  english: {kind: translate, from: queries, language: en, command: [./translate.sh, "${TRANSLATOR_API_KEY}", "https://me:%[2]s@example.org/?token=%[2]s"]}
  scores: {kind: evaluate, hits: runs.hits, judgments: runs.judgments}
sinks:
  english: {kind: parquet, from: english, path: out/english.parquet}
  report: {kind: report, from: scores, path: out/report}
`, server.URL, marker))
	var told strings.Builder
	tell := func(code int, args ...string) {
		t.Helper()
		fmt.Fprintln(&told, expect(t, code, ferry(folder, args...)))
	}
	set := []string{"--set", "stages.english.keep_language=true", "--set", `stages.english.language="${DB_PASSWORD}"`}
	tell(Wrong, "validate", "--set", "stages.english.untranslated=${DB_PASSWORD}")
	tell(Wrong, "run", "--set", "stages.english.timeout="+marker+"-db") // as a shell has filled it in
	tell(Wrong, marker+"-db")
	tell(Done, append([]string{"plan"}, set...)...)
	tell(Failed, append([]string{"run", "--log", "json"}, set...)...)
	tell(Failed, "run")
	tell(Failed, "status")
	log := schedule(t, folder, posted)
	write("translate.sh", "#!/bin/sh\ncat\n")
	tell(Done, append([]string{"run"}, set...)...)
	tell(Done, "why", "stages.english")
	log += schedule(t, folder, posted)
	tell(Done, "runs")
	tell(Done, "verify", "out")
	told.WriteString(log)
	if !strings.Contains(told.String(), "no access with ${TRANSLATOR_API_KEY} https://me:***@example.org/?token=***, ${HF_TOKEN}") || !strings.Contains(log, "a hook failed") {
		t.Errorf("what should be hidden was not told at all:\n%s", told.String())
	}
	if strings.Contains(told.String(), marker) {
		t.Errorf("the marker was printed:\n%s", told.String())
	}
	files := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "pipeline.yaml" {
			return err
		}
		files++
		if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), marker) {
			t.Errorf("%s holds the marker, or cannot be read: %v", path, err)
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Errorf("looked through %d files, %v", files, err)
	}
	if manifest := read(folder, "out/secretive.manifest.json"); !strings.Contains(manifest, "https://me:***@example.org/?token=***") {
		t.Errorf("the manifest has no such configuration:\n%s", manifest)
	}
}

// schedule has a scheduler run the pipeline until a hook was told, and returns what it said.
func schedule(t *testing.T, folder string, posted <-chan string) string {
	t.Helper()
	scheduler, log := startScheduler(t, folder, "schedule", "pipeline.yaml")
	<-posted
	if err := scheduler.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := scheduler.Wait(); err != nil {
		t.Errorf("the scheduler ends with %v", err)
	}
	return log.String()
}
