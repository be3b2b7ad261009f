package pipeline

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/pipeline/objects/objectstest"
)

// TestVerifyStore finds what was damaged and what is missing in a folder store, removes it, and finds nothing more; then a run makes
// no more than that.
func TestVerifyStore(t *testing.T) {
	store := t.TempDir()
	alone, file := badText(t)
	if err := run(t.Context(), t, withStore(t, file, "file://"+store), Options{}); err != nil {
		t.Fatal(err)
	}
	verify := func(remove bool) *Verified {
		t.Helper()
		v, err := Verify(t.Context(), []string{"file://" + store}, VerifyOptions{Remove: remove})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := verify(false); v.Files < 10 || v.Bytes < 100_000 || len(v.Damages)+v.Unnamed > 0 {
		t.Fatalf("of a store that is well: %s", v)
	}
	shards, err := filepath.Glob(filepath.Join(store, "cache/embed-*/*-vectors-*.arrow"))
	if err != nil || len(shards) < 3 {
		t.Fatal(shards, err)
	}
	flip(t, store, func(path string) bool { return path == shards[0] })
	if err := os.Remove(shards[1]); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(shards[2], 10); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(filepath.Dir(shards[0]), "0123456789abcdef-vectors-00099.arrow"), "of a killed run")
	notes, err := filepath.Glob(filepath.Join(store, "cache/clean-*/done.json"))
	if err != nil || len(notes) != 1 {
		t.Fatal(notes, err)
	}
	put(t, notes[0], "{")
	for _, remove := range []bool{false, true} {
		v, says := verify(remove), []string{}
		for _, d := range v.Damages {
			says = append(says, d.Problem)
			if name, ok := strings.CutPrefix(d.Path, "file://"+store+"/cache/"); !ok || remove != strings.HasPrefix(d.Remedy, "removed; ") {
				t.Errorf("%s: %s", name, d.Remedy)
			}
		}
		slices.Sort(says)
		if len(says) != 4 || !strings.HasPrefix(says[0], "has 10 bytes, and ") || says[1] != "is missing" || says[2] != "is no note that can be read" || !strings.HasPrefix(says[3], "is not what was put: its SHA-256 is ") || v.Unnamed == 0 {
			t.Errorf("%q; %s", says, v)
		}
	}
	if v := verify(false); len(v.Damages) > 0 {
		t.Errorf("left are %v", v.Damages)
	}
	folder, file := badText(t)
	var o watcher
	if err := run(t.Context(), t, withStore(t, file, "file://"+store), Options{Reporter: &o}); err != nil || len(madeAny(&o.order)) != 4 || o.warned("store") > 0 { // the two stages start and end
		t.Errorf("the next run makes %q: %v", o.told, err)
	}
	compare(t, outputs(t, folder), outputs(t, alone))
	if v := verify(false); len(v.Damages) > 0 || v.Unnamed != 1 {
		t.Errorf("after it: %s", v)
	}
}

// TestVerifyStoreFiles damages what a run has put into a store for machines that have none of its files: they say so, Verify finds and
// removes it, and the next run puts it there again.
func TestVerifyStoreFiles(t *testing.T) {
	t.Setenv("FERRY_CACHE", t.TempDir())
	store := t.TempDir()
	_, file := badText(t)
	withStore(t, file, "file://"+store)
	var task TaskLine
	w := &workshop{apart: true}
	w.before = func(l TaskLine) error {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		task = l
		return nil
	}
	if err := run(t.Context(), t, file, Options{Engine: somewhere, engine: w}); err != nil {
		t.Fatal(err)
	}
	damaged := flip(t, store, func(path string) bool { return strings.Contains(path, "/files/") })
	if damaged < 2 { // the pack and the tokenizer
		t.Fatalf("%d files", damaged)
	}
	task.While = ""
	line, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	e := NewExecutor(Options{Reporter: &events{}})
	defer e.Close()
	if _, err := e.Do(t.Context(), line); err == nil || !strings.Contains(err.Error(), notAsPut+"; it has been removed from there") {
		t.Errorf("a task ends with %v", err)
	}
	damaged--
	for _, remove := range []bool{false, true} {
		v, err := Verify(t.Context(), []string{"file://" + store}, VerifyOptions{Remove: remove})
		if err != nil || len(v.Damages) != damaged {
			t.Fatalf("%v, %v", v, err)
		}
		for _, d := range v.Damages {
			if d.Removed() != remove || !strings.HasPrefix(d.Path, "file://"+store+"/files/") || !strings.HasPrefix(d.Problem, "is not what was put: its SHA-256 is ") {
				t.Errorf("%+v", d)
			}
		}
	}
	if left, err := filepath.Glob(filepath.Join(store, "files/*")); err != nil || len(left) > 0 {
		t.Errorf("left are %q, %v", left, err)
	}
}

// TestVerifyBucket finds an object that arrives with other bytes, says that this user may not remove it, and ends at a server that is gone.
func TestVerifyBucket(t *testing.T) {
	server := objectstest.Serve(t)
	_, file := badText(t)
	if err := run(t.Context(), t, withStore(t, file, server.Address("p")), Options{}); err != nil {
		t.Fatal(err)
	}
	server.Break(func(r *http.Request) objectstest.Fault {
		switch {
		case r.Method == http.MethodDelete:
			return objectstest.Refused
		case strings.HasSuffix(r.URL.Path, "vectors-00001.arrow"):
			return objectstest.Garbled
		}
		return objectstest.None
	})
	v, err := Verify(t.Context(), []string{server.Address("p")}, VerifyOptions{Remove: true})
	if err != nil || len(v.Damages) != 1 || !strings.Contains(v.Damages[0].Remedy, "permission denied") {
		t.Errorf("%v, %v", v, err)
	}
	server.Break(func(r *http.Request) objectstest.Fault {
		if strings.HasSuffix(r.URL.Path, ".arrow") {
			return objectstest.Expired
		}
		return objectstest.None
	})
	if v, err := Verify(t.Context(), []string{server.Address("p")}, VerifyOptions{}); err == nil || !strings.Contains(err.Error(), "verifying: getting s3://bucket/p/cache/") || !strings.Contains(err.Error(), "ExpiredToken") {
		t.Errorf("%v, %v", v, err)
	}
	if _, err := Verify(t.Context(), []string{"s3://bucket?secret_access_key=x"}, VerifyOptions{}); err == nil || !strings.Contains(err.Error(), "verifying: the address of a store has the parameter") {
		t.Error(err)
	}
}
