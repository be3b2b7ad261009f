package pipeline

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/pipeline/objects/objectstest"
)

// flip damages the objects of results in a folder store that want says yes to, and returns how many.
func flip(t *testing.T, store string, want func(name string) bool) (flipped int) {
	t.Helper()
	err := filepath.WalkDir(store, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, done+".json") || strings.Contains(path, "task-") || !want(path) {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && len(content) > 0 {
			flipped++
			content[len(content)/2] ^= 1
			err = os.WriteFile(path, content, 0o644)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return flipped
}

func all(string) bool { return true }

// watcher is a Reporter that notes which steps are made, and what is warned of.
type watcher struct {
	order
	events events
}

func (w *watcher) Warned(step, warning string) { w.events.Warned(step, warning) }

// warned is how many warnings have a text in them.
func (w *watcher) warned(text string) (n int) {
	for _, warning := range w.events.warnings() {
		if strings.Contains(warning, text) {
			n++
		}
	}
	return n
}

// TestStoreDamaged damages what a second user finds in a store: each of its kinds of objects, and all of them. The run makes it again
// and ends with the bytes of a run without a store; after it a third user makes nothing.
func TestStoreDamaged(t *testing.T) {
	for name, c := range map[string]struct {
		make    func(*testing.T) (folder, file string)
		damaged func(string) bool
		with    Options
	}{
		"all of a whole run":  {whole, all, Options{}},
		"all of shards":       {badText, all, Options{}},
		"all, with an engine": {badText, all, Options{Engine: "sc://somewhere", engine: &workshop{}}},
		"one shard": {badText, func(path string) bool {
			return strings.HasSuffix(path, "-00001.arrow") && strings.Contains(path, "/embed-")
		}, Options{}},
		"the quarantine": {badText, func(path string) bool { return strings.Contains(path, quarantine) }, Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			store := t.TempDir()
			alone, file := c.make(t)
			if err := run(t.Context(), t, withStore(t, file, "file://"+store), Options{}); err != nil {
				t.Fatal(err)
			}
			if flip(t, store, c.damaged) == 0 {
				t.Fatal("nothing was damaged")
			}
			folder, file := c.make(t)
			var o watcher
			c.with.Reporter = &o
			if err := run(t.Context(), t, withStore(t, file, "file://"+store), c.with); err != nil {
				t.Fatal(err)
			}
			if made, told := len(madeAny(&o.order)), o.warned("has not the content that it was put there with; it has been removed from there; this run makes it again"); made == 0 || told == 0 || made < told {
				t.Errorf("%d results are told to be damaged, and made are %q", told, o.told)
			}
			compare(t, outputs(t, folder), outputs(t, alone))
			if got, want := stepCounts(t, folder), stepCounts(t, alone); got != want {
				t.Errorf("the manifest counts\n%s\nwant\n%s", got, want)
			}
			if parts := unfinished(t, folder); len(parts) > 0 {
				t.Errorf("left behind: %v", parts)
			}
			third, file := c.make(t)
			o = watcher{}
			if err := run(t.Context(), t, withStore(t, file, "file://"+store), Options{Reporter: &o}); err != nil || len(madeAny(&o.order)) > 0 {
				t.Errorf("a third user makes %q: %v", o.told, err)
			}
			compare(t, outputs(t, third), outputs(t, alone))
		})
	}
}

// TestStoreNotes changes notes that still can be read, and leaves the hashes of others out, as older ferries do: what the former tell of
// is made again, with a warning, and the latter are believed.
func TestStoreNotes(t *testing.T) {
	store := t.TempDir()
	alone, file := badText(t)
	if err := run(t.Context(), t, withStore(t, file, "file://"+store), Options{}); err != nil {
		t.Fatal(err)
	}
	notes, err := filepath.Glob(filepath.Join(store, "cache/*/*.json"))
	if err != nil || len(notes) < 6 {
		t.Fatal(notes, err)
	}
	for _, file := range notes {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sealed, older := string(text), string(text[:strings.LastIndex(string(text), sealMark)])+"}"
		if strings.Contains(file, "/embed-") {
			older = strings.Replace(sealed, `"out":{"vectors":`, `"out":{"vectors":1`, 1)
		}
		if older == sealed || !json.Valid([]byte(older)) {
			t.Fatalf("%s is %s", file, sealed)
		}
		put(t, file, older)
	}
	v, err := Verify(t.Context(), []string{"file://" + store}, VerifyOptions{})
	if err != nil || len(v.Damages) != 1 || v.Damages[0].Problem != notAsPut {
		t.Errorf("%v, %v", v, err)
	}
	folder, file := badText(t)
	var o watcher
	if err := run(t.Context(), t, withStore(t, file, "file://"+store), Options{Reporter: &o}); err != nil {
		t.Fatal(err)
	}
	if made := madeAny(&o.order); len(made) != 2 || !strings.Contains(made[0], "stages.vectors") || o.warned(notAsPut+"; it has been removed from there; what it tells of is made again") != len(notes)/2 {
		t.Errorf("made are %q, and told %q", o.told, o.events.warnings())
	}
	compare(t, outputs(t, folder), outputs(t, alone))
	if got, want := stepCounts(t, folder), stepCounts(t, alone); got != want {
		t.Errorf("the manifest counts\n%s\nwant\n%s", got, want)
	}
	if v, err := Verify(t.Context(), []string{"file://" + store}, VerifyOptions{}); err != nil || len(v.Damages) > 0 {
		t.Errorf("%v, %v", v, err)
	}
}

// TestStoreUseless has a user who may only read find everything damaged, gone, or not to be read: the run goes on, and makes it.
func TestStoreUseless(t *testing.T) {
	server := objectstest.Serve(t)
	alone, file := badText(t)
	if err := run(t.Context(), t, withStore(t, file, server.Address("p")), Options{}); err != nil {
		t.Fatal(err)
	}
	for fault, says := range map[objectstest.Fault]string{
		objectstest.Garbled:  "somebody who may write there has to remove it",
		objectstest.Vanished: "is not there any more; this run makes it again",
		objectstest.Refused:  "may not be read by this user",
	} {
		server.Break(func(r *http.Request) objectstest.Fault {
			switch {
			case r.Method == http.MethodPut || r.Method == http.MethodDelete:
				return objectstest.Refused
			case strings.HasSuffix(r.URL.Path, ".arrow"):
				return fault
			}
			return objectstest.None
		})
		folder, file := badText(t)
		var o watcher
		if err := run(t.Context(), t, withStore(t, file, server.Address("p")), Options{Reporter: &o}); err != nil || o.warned(says) == 0 {
			t.Errorf("%s: the run makes %q: %v", says, o.told, err)
		}
		compare(t, outputs(t, folder), outputs(t, alone))
	}
}

// TestStoreMended removes an object from a store, as a bucket's rules may: who makes it again puts it there again.
func TestStoreMended(t *testing.T) {
	store := t.TempDir()
	_, file := badText(t)
	if err := run(t.Context(), t, withStore(t, file, "file://"+store), Options{}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(store, "cache/*/*-00001.arrow"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	for user, want := range []bool{true, false} {
		_, file := badText(t)
		var o watcher
		if err := run(t.Context(), t, withStore(t, file, "file://"+store), Options{Reporter: &o}); err != nil || len(madeAny(&o.order)) > 0 != want {
			t.Errorf("user %d makes %q: %v", user, o.told, err)
		}
	}
}

// TestStoreSharesSpoiled has processes that share nothing but a store find all damaged that it has from a run before.
func TestStoreSharesSpoiled(t *testing.T) {
	store := t.TempDir()
	alone, file := badText(t)
	if err := run(t.Context(), t, withStore(t, file, "file://"+store), Options{}); err != nil {
		t.Fatal(err)
	}
	flip(t, store, all)
	folders, ended := runApart(t, "file://"+store, badText, badText)
	for i, err := range ended {
		if err != nil {
			t.Errorf("share %d: %v", i+1, err)
		}
	}
	compare(t, outputs(t, folders[0]), outputs(t, alone))
	if got, want := stepCounts(t, folders[0]), stepCounts(t, alone); got != want {
		t.Errorf("the manifest counts\n%s\nwant\n%s", got, want)
	}
}
