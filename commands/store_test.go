package commands

import (
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/pipeline/objects/objectstest"
)

// storing is a small pipeline with bad rows and several shards, whose cache is shared.
const storing = `
name: storing
max_bad_rows: 10%
store: ${STORE:-}
sources:
  own: {kind: jsonl, table: documents, path: own.jsonl, language: en}
models:
  base: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8}
stages:
  cleaned: {kind: clean, from: own, max_characters: 40}
  vectors: {kind: embed, from: cleaned, model: base}
sinks:
  vectors: {kind: parquet, from: vectors, path: out/vectors.parquet}
`

// storingFolder makes a folder with it and its input, as each user has one.
func storingFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	var text strings.Builder
	for i := range 3000 {
		text.WriteString(`{"id": "d` + strings.Repeat("1", i%7) + string(rune('a'+i%26)) + strings.Repeat("0", i/26) + `", "text": "` + strings.Repeat("noon ", 1+i%9) + `"}` + "\n")
		if i%600 == 0 {
			text.WriteString("{\n")
		}
	}
	for name, content := range map[string]string{"pipeline.yaml": storing, "own.jsonl": text.String()} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestStoreKill kills a user's run with SIGKILL while it sends something, again and again, each time a few requests later: nothing
// half is seen by the next user, and at last there are the bytes of a run in peace.
func TestStoreKill(t *testing.T) {
	server := objectstest.Serve(t)
	t.Setenv("STORE", "")
	peace := storingFolder(t)
	expect(t, Done, ferry(peace, "run"))
	t.Setenv("STORE", server.Address("p"))
	kill := func(after int) (killed bool) {
		command := ferry(storingFolder(t), "run")
		var once sync.Mutex
		puts := 0
		server.Break(func(r *http.Request) objectstest.Fault {
			if r.Method != http.MethodPut {
				return objectstest.None
			}
			once.Lock()
			defer once.Unlock()
			if puts++; puts == after {
				killed = true
				command.Process.Kill()
				return objectstest.Cut
			}
			return objectstest.None
		})
		command.Run()
		server.Break(nil)
		return killed
	}
	for _, after := range []int{1, 2, 4, 7} { // of what is not there yet
		if !kill(after) {
			t.Fatalf("a run ended before it sent %d files", after)
		}
	}
	for _, says := range []string{"stages.vectors: finished", "already done, steps 3"} { // the second finds all of it
		folder := storingFolder(t)
		out := expect(t, Done, ferry(folder, "run"), says)
		want, got := hashesOf(t, filepath.Join(peace, "out")), hashesOf(t, filepath.Join(folder, "out"))
		if len(want) == 0 || !maps.Equal(got, want) {
			t.Errorf("outputs differ: %v, want %v\n%s", got, want, out)
		}
	}
	expect(t, Done, ferry(storingFolder(t), "plan"), "in store")
}

// distilling is a small pipeline that trains.
const distilling = `
sources:
  bitext: {kind: bitext, path: "sample:bitext/phrasebook.{source}-{target}", languages: [en, sw]}
models:
  teacher: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 64}
  base: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 64, draw: 1}
stages:
  pairs: {kind: tokenize, from: bitext, teacher: teacher, student: base}
  student: {kind: distill, from: pairs, teacher: teacher, student: base, losses: {ot: 1}, batch: 16}
sinks:
  student: {kind: model, from: student, path: out/student}
  curve: {kind: parquet, from: student.training, path: out/curve.parquet}
`

func distillingFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "pipeline.yaml"), []byte(distilling), 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestStoreKillTraining kills a user's training with SIGKILL once states of it are in the store, a folder or a server where every fifth request
// for one fails. Another user, who has nothing else of it, goes on from the last one to the bytes of a run in peace, and leaves none.
func TestStoreKillTraining(t *testing.T) {
	peace := distillingFolder(t)
	expect(t, Done, ferry(peace, "run"))
	want := hashesOf(t, filepath.Join(peace, "out"))
	server, store := objectstest.Serve(t), t.TempDir()
	kinds, asked := []objectstest.Fault{objectstest.Failed, objectstest.Reset, objectstest.Cut}, 0
	server.Break(func(r *http.Request) objectstest.Fault {
		if !strings.Contains(r.URL.Path, "/checkpoint-") {
			return objectstest.None
		}
		if asked++; asked%5 == 0 {
			return kinds[asked/5%len(kinds)]
		}
		return objectstest.None
	})
	for address, names := range map[string]func() []string{
		server.Address("p"): func() []string { return server.Names(t) },
		"file://" + store: func() []string {
			found, _ := filepath.Glob(filepath.Join(store, "cache/*/*"))
			return found
		},
	} {
		stored := func() int { return storedStep(names()) }
		killed := ferry(distillingFolder(t), "run", "--set", "store="+address, "--checkpoint", "1ns")
		if err := killed.Start(); err != nil {
			t.Fatal(err)
		}
		wait(t, func() bool { return stored() >= 3 })
		killed.Process.Kill()
		killed.Wait()
		last, other := stored(), distillingFolder(t)
		from := firstStep(t, other, ferry(other, "run", "--set", "store="+address)) // which saves nothing for ten minutes
		if got := hashesOf(t, filepath.Join(other, "out")); from < last || len(want) == 0 || !maps.Equal(got, want) {
			t.Errorf("of step %d the next goes on from %d; outputs are %v, want %v", last, from, got, want)
		}
		if left := storedStep(names()); left > 0 {
			t.Errorf("a state of step %d is left", left)
		}
	}
}

var stateNote = regexp.MustCompile(`/distill-[0-9a-f]+/checkpoint-(\d+)-[0-9a-f]+\.json$`)

// storedStep is the step of the furthest state that has a note among the objects of a store, 0 without one.
func storedStep(objects []string) (step int) {
	for _, name := range objects {
		if found := stateNote.FindStringSubmatch(name); found != nil {
			n, _ := strconv.Atoi(found[1])
			step = max(step, n)
		}
	}
	return step
}

// firstStep lets a run end, and returns the step of the state of a distillation that lay in its folder meanwhile.
func firstStep(t *testing.T, folder string, run *exec.Cmd) (step int) {
	t.Helper()
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	for {
		step = max(step, savedStep(folder, "distill"))
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			return step
		case <-time.After(time.Millisecond):
		}
	}
}

// TestStoreTogether has users run at the same time on a folder store, of which folders are removed meanwhile: all end with the bytes of a
// run without one. They run again until three were removed.
func TestStoreTogether(t *testing.T) {
	t.Setenv("STORE", "")
	peace := storingFolder(t)
	expect(t, Done, ferry(peace, "run"))
	want := hashesOf(t, filepath.Join(peace, "out"))
	store := t.TempDir()
	t.Setenv("STORE", "file://"+store)
	var users sync.WaitGroup
	var removed atomic.Int64
	folders := []string{storingFolder(t), storingFolder(t), storingFolder(t)}
	for _, folder := range folders {
		users.Go(func() {
			for first := true; first || removed.Load() < 3; first = false {
				for _, made := range []string{".ferry", "out"} {
					if err := os.RemoveAll(filepath.Join(folder, made)); err != nil {
						t.Error(err)
					}
				}
				expect(t, Done, ferry(folder, "run"))
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		users.Wait()
		close(ended)
	}()
	for {
		select {
		case <-ended:
			for _, folder := range folders {
				if got := hashesOf(t, filepath.Join(folder, "out")); len(want) == 0 || !maps.Equal(got, want) {
					t.Errorf("outputs differ: %v, want %v", got, want)
				}
			}
			return
		case <-time.After(20 * time.Millisecond):
			results, _ := filepath.Glob(filepath.Join(store, "cache/*"))
			for _, folder := range results {
				if os.RemoveAll(folder) == nil {
					removed.Add(1)
				}
			}
		}
	}
}

// TestStoreSecrets lets a store refuse, fail and be gone, and looks for the credentials in all that is printed, written and put, and
// in what is put for whatever is the user's own.
func TestStoreSecrets(t *testing.T) {
	const marker = "s3cr3t-marker-0815"
	server := objectstest.Serve(t)
	for _, name := range []string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_KEY"} {
		t.Setenv(name, marker)
	}
	t.Setenv("STORE", server.Address("p"))
	folder := storingFolder(t)
	var told strings.Builder
	tell := func(code int, says string, args ...string) {
		t.Helper()
		told.WriteString(expect(t, code, ferry(folder, args...), says))
	}
	tell(Wrong, "has credentials in it", "validate", "--set", "store=s3://me:"+marker+"@bucket/p")
	tell(Wrong, "has the parameter", "validate", "--set", "store=s3://bucket/p?secret_access_key="+marker)
	tell(Failed, "opening the store s3://bucket: giving up after 3 attempts", "run", "--set", "store=s3://bucket?endpoint=http://127.0.0.1:1")
	server.Break(func(*http.Request) objectstest.Fault { return objectstest.Refused })
	tell(Failed, "the server answers AccessDenied", "run")
	server.Break(func(r *http.Request) objectstest.Fault {
		if r.Method == http.MethodPut {
			return objectstest.Expired
		}
		return objectstest.None
	})
	tell(Done, "the run goes on without the store", "run", "--log", "json")
	server.Break(nil)
	tell(Done, "", "run", "--set", "sinks.vectors.path="+filepath.Join(folder, "private/vectors.parquet"))
	tell(Done, "", "plan")
	if strings.Contains(told.String(), marker) {
		t.Errorf("the marker was printed:\n%s", told.String())
	}
	files := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), marker) {
			t.Errorf("%s holds the marker, or cannot be read: %v", path, err)
		}
		return nil
	})
	if err != nil || files < 10 {
		t.Errorf("looked through %d files, %v", files, err)
	}
	put, host := server.Everything(t), ""
	if host, err = os.Hostname(); err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{marker, folder, "private/vectors", host} {
		if len(put) < 1000 || strings.Contains(put, private) {
			t.Errorf("what was put are %d bytes, and has %s in it: %v", len(put), private, strings.Contains(put, private))
		}
	}
}
