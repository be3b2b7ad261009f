package pipeline

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/pipeline/objects/objectstest"
)

func whole(t *testing.T) (folder, file string) { return folderWith(t, "whole.yaml") }

// withStore has a pipeline file share its cache through a store, with a text that is the same whatever the address, since reports show
// it.
func withStore(t *testing.T, file, address string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("STORE", address)
	put(t, file, "store: ${STORE:-}\n"+string(text))
	return file
}

// madeAny returns the steps that were made but for sinks, which each user makes.
func madeAny(o *order) []string {
	return slices.DeleteFunc(slices.Clone(o.told), func(step string) bool { return strings.HasPrefix(step, "sinks.") })
}

// TestStore has two users with folders of their own and one store: the second makes nothing but files, which have the bytes of a run
// without a store, and knows what is in the store before it runs.
func TestStore(t *testing.T) {
	for name, c := range map[string]struct {
		address string
		make    func(*testing.T) (folder, file string)
	}{"s3": {objectstest.Serve(t).Address("p"), whole}, "file": {"file://" + t.TempDir(), badText}} {
		t.Run(name, func(t *testing.T) {
			address := c.address
			alone, file := c.make(t)
			if err := run(t.Context(), t, withStore(t, file, ""), Options{}); err != nil {
				t.Fatal(err)
			}
			first, file := c.make(t)
			if err := run(t.Context(), t, withStore(t, file, address), Options{}); err != nil {
				t.Fatal(err)
			}
			compare(t, outputs(t, first), outputs(t, alone))
			compare(t, cacheSums(t, first), cacheSums(t, alone))
			second, file := c.make(t)
			plan, err := loadSmall(t, withStore(t, file, address)).Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range plan.units {
				if !u.present && u.twin == nil && u.step.Section != "sinks" {
					t.Errorf("%s is not found in the store, but %s", u.name(), u.status())
				}
			}
			var o order
			if err := run(t.Context(), t, file, Options{Reporter: &o}); err != nil || len(madeAny(&o)) > 0 || len(o.told) == 0 {
				t.Errorf("the second user makes %q: %v", o.told, err)
			}
			compare(t, outputs(t, second), outputs(t, alone))
			if parts := append(unfinished(t, second), unfinished(t, first)...); len(parts) > 0 {
				t.Errorf("left behind: %v", parts)
			}
			if got, want := stepCounts(t, second), stepCounts(t, alone); got != want {
				t.Errorf("the manifest counts\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestWithoutStore leaves out, on the command line, the store of a pipeline file, as messages advise.
func TestWithoutStore(t *testing.T) {
	folder, file := badText(t)
	put(t, file, "store: file://"+folder+"/nowhere\n"+read(t, file))
	p := loadSmall(t, file, "store=")
	if err := p.Run(t.Context(), Options{Reporter: &events{}}); err != nil || p.Store != nil {
		t.Errorf("with the store %v: %v", p.Store, err)
	}
	if _, err := Load(file, []string{"seed="}, os.LookupEnv); err == nil || !strings.HasSuffix(err.Error(), "seed: should be a whole number from 0, is empty") {
		t.Errorf("a number that is empty: %v", err)
	}
}

// TestStoreFaults lets every fourth request of two users fail in one of several ways.
func TestStoreFaults(t *testing.T) {
	alone, file := badText(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	server := objectstest.Serve(t)
	kinds, asked := []objectstest.Fault{objectstest.Failed, objectstest.Reset, objectstest.Cut}, 0
	server.Break(func(*http.Request) objectstest.Fault {
		if asked++; asked%4 == 0 {
			return kinds[asked/4%len(kinds)]
		}
		return objectstest.None
	})
	for user := range 2 {
		folder, file := badText(t)
		var o order
		if err := run(t.Context(), t, withStore(t, file, server.Address("p")), Options{Reporter: &o}); err != nil || user == 1 && len(madeAny(&o)) > 0 {
			t.Errorf("user %d makes %q: %v", user, o.told, err)
		}
		compare(t, outputs(t, folder), outputs(t, alone))
		if got := quarantined(t, folder); len(got) != 6 {
			t.Errorf("user %d: quarantine is %q", user, got)
		}
	}
	if asked < 60 {
		t.Errorf("%d requests", asked)
	}
}

// TestStoreUnmounted takes a folder store away in the middle of a run, which warns and goes on, and leaves empty what is there instead.
func TestStoreUnmounted(t *testing.T) {
	alone, file := badText(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	mount := filepath.Join(t.TempDir(), "mount")
	if err := os.Mkdir(mount, 0o777); err != nil {
		t.Fatal(err)
	}
	folder, file := badText(t)
	o := events{at: func(n int64) {
		if n == 1 {
			if err := errors.Join(os.Rename(mount, mount+".away"), os.Mkdir(mount, 0o777)); err != nil {
				t.Error(err)
			}
		}
	}}
	if err := run(t.Context(), t, withStore(t, file, "file://"+mount), Options{Reporter: &o}); err != nil {
		t.Error(err)
	}
	if told := o.warnings(); len(told) != 1 || !strings.Contains(told[0], "unmounted?; the run goes on without the store") {
		t.Errorf("warnings are %q", told)
	}
	if found, err := os.ReadDir(mount); err != nil || len(found) > 0 {
		t.Errorf("it holds %v, %v", found, err)
	}
	compare(t, outputs(t, folder), outputs(t, alone))
}

// TestStoreReadOnly makes sure that a user who may only read is told so once, uses what is there, and makes the rest.
func TestStoreReadOnly(t *testing.T) {
	server := objectstest.Serve(t)
	server.Break(func(r *http.Request) objectstest.Fault {
		if r.Method == http.MethodPut {
			return objectstest.Refused
		}
		return objectstest.None
	})
	for range 2 {
		_, file := badText(t)
		var e events
		if err := run(t.Context(), t, withStore(t, file, server.Address("p")), Options{Reporter: &e}); err != nil {
			t.Fatal(err)
		}
		told := 0
		e.warned.Range(func(text, _ any) bool {
			if strings.Contains(text.(string), "store: s3://bucket/p can be read only") {
				told++
			}
			return true
		})
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	}
	_, file := badText(t)
	err := run(t.Context(), t, withStore(t, file, server.Address("p")), Options{Share: Share{1, 2}, Wait: time.Second})
	if err == nil || !strings.Contains(err.Error(), "need a store that they may write to: putting s3://bucket/p/tasks/") {
		t.Errorf("a share ends with %v", err)
	}
}

// TestStoreLost lets a store go away in the middle: the run ends well, the next one puts there what is missing, and the one of
// another user makes nothing.
func TestStoreLost(t *testing.T) {
	server := objectstest.Serve(t)
	_, file := badText(t)
	withStore(t, file, server.Address("p"))
	puts := 0
	server.Break(func(r *http.Request) objectstest.Fault {
		if r.Method == http.MethodPut {
			puts++
		}
		if puts > 6 {
			return objectstest.Expired
		}
		return objectstest.None
	})
	var e events
	if err := run(t.Context(), t, file, Options{Reporter: &e}); err != nil {
		t.Fatal(err)
	}
	told := 0
	e.warned.Range(func(text, _ any) bool {
		if strings.Contains(text.(string), "the server answers ExpiredToken: expiredtoken; the run goes on without the store") {
			told++
		}
		return true
	})
	if told != 1 {
		t.Errorf("told %d times", told)
	}
	server.Break(nil)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	_, file = badText(t)
	var o order
	if err := run(t.Context(), t, withStore(t, file, server.Address("p")), Options{Reporter: &o}); err != nil || len(madeAny(&o)) > 0 {
		t.Errorf("another user makes %q: %v", o.told, err)
	}
}

// runApart runs all shares of a pipeline at the same time, each in a folder of its own.
func runApart(t *testing.T, address string, folders ...func(*testing.T) (string, string)) (paths []string, ended []error) {
	ended = make([]error, len(folders))
	var all sync.WaitGroup
	for i, make := range folders {
		folder, file := make(t)
		paths = append(paths, folder)
		withStore(t, file, address)
		all.Go(func() {
			ended[i] = run(t.Context(), t, file, Options{Workers: 1, Share: Share{i + 1, len(folders)}, Wait: time.Hour})
		})
	}
	all.Wait()
	return paths, ended
}

// TestStoreShares runs the shares of a run in folders that have nothing but a store in common.
func TestStoreShares(t *testing.T) {
	for name, make := range map[string]func(*testing.T) (string, string){"whole": whole, "bad": badText, "parts": divisible} {
		alone, file := make(t)
		if err := run(t.Context(), t, withStore(t, file, ""), Options{}); err != nil {
			t.Fatal(err)
		}
		server := objectstest.Serve(t)
		folders, ended := runApart(t, server.Address("p"), make, make, make)
		if err := errors.Join(ended...); err != nil {
			t.Fatal(name, err)
		}
		compare(t, outputs(t, folders[0]), outputs(t, alone))
		if got, want := stepCounts(t, folders[0]), stepCounts(t, alone); got != want {
			t.Errorf("the manifest counts\n%s\nwant\n%s", got, want)
		}
		if got, want := quarantined(t, folders[0]), quarantined(t, alone); !slices.Equal(got, want) {
			t.Errorf("quarantine is %q, want %q", got, want)
		}
		for _, folder := range folders[1:] {
			if files, _ := filepath.Glob(filepath.Join(folder, "out/*")); len(files) > 0 {
				t.Errorf("others write %v", files)
			}
		}
	}
}

// TestStoreSharesFail makes sure that a failure reaches the processes in other folders, with its bad rows.
func TestStoreSharesFail(t *testing.T) {
	server := objectstest.Serve(t)
	strict := func(t *testing.T) (folder, file string) {
		folder, file = badText(t)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		put(t, file, strings.Replace(string(text), "10%", "2", 1))
		return folder, file
	}
	folders, ended := runApart(t, server.Address("p"), strict, strict, strict)
	for i, err := range ended {
		if err == nil || !strings.Contains(err.Error(), "sources.own.documents: 6 of 3006 rows could not be used") {
			t.Errorf("share %d ends with %v", i+1, err)
		}
	}
	if bad := quarantined(t, folders[0]); len(bad) != 6 {
		t.Errorf("quarantine is %q", bad)
	}
}

// TestStoreStranger has another process at work in the store on what may be meant to be the same run, but is one of three and not of two:
// that is told at once, and when waiting ends in vain it is why. One that is gone is no reason.
func TestStoreStranger(t *testing.T) {
	store := t.TempDir()
	text, err := json.Marshal(sign{Owner{PID: 42, Host: "elsewhere"}, "another", kernel.ISA()})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(store, "tasks/bad/0123/2-of-3.json")
	put(t, file, string(text))
	for _, since := range []time.Duration{0, time.Minute} {
		if err := os.Chtimes(file, time.Time{}, time.Now().Add(-since)); err != nil {
			t.Fatal(err)
		}
		var o events
		_, pipeline := badText(t)
		err := run(t.Context(), t, withStore(t, pipeline, "file://"+store), Options{Share: Share{1, 2}, Wait: 100 * time.Millisecond, Reporter: &o})
		var busy *Busy
		if since == 0 {
			if !errors.As(err, &busy) || busy.Owner.PID != 42 || !strings.HasSuffix(err.Error(), "; all processes need the same number of them, as --tasks i/3 has it") {
				t.Errorf("the run ends with %v", err)
			}
			if told := o.warnings(); len(told) != 1 || !strings.Contains(told[0], "tasks 2/3 of another run are done: process 42 on elsewhere") {
				t.Errorf("warnings are %q", told)
			}
		} else if errors.As(err, &busy) || err == nil || !strings.HasSuffix(err.Error(), "; start it with --tasks 2/2") || len(o.warnings()) > 0 {
			t.Errorf("the run ends with %v, and warns %q", err, o.warnings())
		}
	}
}
