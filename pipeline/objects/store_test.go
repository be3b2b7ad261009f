package objects_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/pipeline/objects"
	"github.com/ferry-clir/ferry/pipeline/objects/objectstest"
)

// open opens a store that loses its patience soon.
func open(t *testing.T, address string) *objects.Store {
	t.Helper()
	a, err := objects.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	s, err := objects.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.Pause, s.Attempts = time.Millisecond, 4
	return s
}

// noise is content that has no second half like the first.
func noise(size int) []byte {
	random := rand.NewChaCha8([32]byte{1})
	content := make([]byte, size)
	random.Read(content)
	return content
}

func names(all []objects.Object) (names []string) {
	for _, o := range all {
		names = append(names, o.Name)
	}
	return names
}

// TestStore holds each kind of store that there is here to what is promised of all.
func TestStore(t *testing.T) {
	for name, address := range map[string]string{"s3": objectstest.Serve(t).Address("some/prefix"), "file": "file://" + t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			s := open(t, address)
			for _, size := range []int{0, 1, 4096, 9 << 20} { // the last takes several parts
				want := noise(size)
				for range 2 { // the second time in place of the first
					if err := s.Put(t.Context(), "a/b.bin", bytes.NewReader(want)); err != nil {
						t.Fatal(err)
					}
				}
				if got, err := s.Read(t.Context(), "a/b.bin"); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes are read as %d: %v", size, len(got), err)
				}
				if all, err := s.List(t.Context(), "a/"); err != nil || len(all) != 1 || all[0].Name != "a/b.bin" || all[0].Size != int64(size) || all[0].Modified.IsZero() {
					t.Errorf("listed are %v, %v", all, err)
				}
			}
			if _, err := s.Read(t.Context(), "a/c"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("reading what is not there: %v", err)
			}
			for range 2 {
				if err := s.Remove(t.Context(), "a/b.bin"); err != nil {
					t.Error(err)
				}
			}
			if all, err := s.List(t.Context(), ""); err != nil || len(all) != 0 {
				t.Errorf("left are %v, %v", all, err)
			}
		})
	}
}

// TestUnmounted takes away the folder of a store, and leaves an empty one in its place, as an unmounted file system does: nothing is put
// there, nothing is found to be missing, and all is well when it is back.
func TestUnmounted(t *testing.T) {
	mount := filepath.Join(t.TempDir(), "mount")
	if err := os.Mkdir(mount, 0o777); err != nil {
		t.Fatal(err)
	}
	s := open(t, "file://"+mount)
	put := func() error { return s.Put(t.Context(), "a/b", strings.NewReader("x")) }
	if err := put(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(mount, mount+".away"), os.Mkdir(mount, 0o777)); err != nil {
		t.Fatal(err)
	}
	_, read := s.Read(t.Context(), "a/b")
	_, list := s.List(t.Context(), "")
	for what, err := range map[string]error{"put": put(), "read": read, "list": list} {
		if err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "the folder is not the one any more that it was") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := os.Remove(mount); err != nil { // it is empty
		t.Fatal(err)
	}
	if err := put(); err == nil {
		t.Error("the folder was made again")
	}
	if err := os.Rename(mount+".away", mount); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Read(t.Context(), "a/b"); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestManyObjects lists more than a page has.
func TestManyObjects(t *testing.T) {
	s := open(t, objectstest.Serve(t).Address("p"))
	for i := range 1100 {
		if err := s.Put(t.Context(), "k/"+string(rune('a'+i/100))+string(rune('A'+i%100)), strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := s.List(t.Context(), "k/"); err != nil || len(all) != 1100 || !slices.IsSorted(names(all)) {
		t.Errorf("%d are listed, %v", len(all), err)
	}
}

// TestFaults lets every kind of fault happen once or for ever to everything that is asked.
func TestFaults(t *testing.T) {
	server := objectstest.Serve(t)
	s := open(t, server.Address("p"))
	patience := s.Stall
	want := noise(100_000)
	put := func() error { return s.Put(t.Context(), "new", bytes.NewReader(want)) }
	get := func() error {
		got, err := s.Read(t.Context(), "new")
		if err == nil && !bytes.Equal(got, want) {
			t.Error("other bytes were read")
		}
		return err
	}
	list := func() error {
		_, err := s.List(t.Context(), "")
		return err
	}
	for fault, name := range map[objectstest.Fault]string{objectstest.Failed: "500", objectstest.Reset: "reset", objectstest.Cut: "cut", objectstest.Silent: "silent"} {
		for what, do := range map[string]func() error{"put": put, "get": get, "list": list} {
			if err := put(); err != nil {
				t.Fatal(err)
			}
			if fault == objectstest.Silent {
				s.Stall = 300 * time.Millisecond
			}
			times := 0
			server.Break(func(*http.Request) objectstest.Fault {
				if times++; times == 1 {
					return fault
				}
				return objectstest.None
			})
			if err := do(); err != nil || times < 2 {
				t.Errorf("%s, once, of %s: %v after %d requests", name, what, err, times)
			}
			server.Break(nil)
			s.Stall = patience
		}
	}
	for fault, want := range map[objectstest.Fault]error{objectstest.Refused: fs.ErrPermission, objectstest.Vanished: fs.ErrNotExist} {
		times := 0
		server.Break(func(*http.Request) objectstest.Fault { times++; return fault })
		if err := get(); !errors.Is(err, want) || times != 1 {
			t.Errorf("getting ends with %v after %d requests, want %v", err, times, want)
		}
		if err := put(); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("putting ends with %v", err)
		}
	}
	s.Attempts = 2
	server.Break(func(*http.Request) objectstest.Fault { return objectstest.Reset })
	if err := get(); err == nil || !strings.Contains(err.Error(), "getting s3://bucket/p/new: giving up after 2 attempts") || strings.Contains(err.Error(), "X-Amz") {
		t.Errorf("a server that is gone: %v", err)
	}
	server.Break(nil)
}

// TestGoesOn makes sure that a large object whose transfer breaks off is not read from its beginning again.
func TestGoesOn(t *testing.T) {
	server := objectstest.Serve(t)
	s := open(t, server.Address("p"))
	s.Attempts = 2
	want := noise(1 << 20)
	if err := s.Put(t.Context(), "large", bytes.NewReader(want)); err != nil {
		t.Fatal(err)
	}
	cuts := 0
	server.Break(func(*http.Request) objectstest.Fault {
		if cuts++; cuts < 8 { // more often than one may fail without getting further
			return objectstest.Cut
		}
		return objectstest.None
	})
	if got, err := s.Read(t.Context(), "large"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes after %d requests: %v", len(got), cuts, err)
	}
}

// TestUnreachable opens stores that are not there, or that this user may not see.
func TestUnreachable(t *testing.T) {
	server := objectstest.Serve(t)
	server.Break(func(*http.Request) objectstest.Fault { return objectstest.Refused })
	gone := "s3://bucket/p?endpoint=http%3A%2F%2F127.0.0.1%3A1"
	for address, want := range map[string]string{
		server.Address("p"): "opening the store s3://bucket/p: permission denied: the server answers AccessDenied: accessdenied; credentials are looked for in AWS_ACCESS_KEY_ID",
		gone:                "connection refused; credentials are looked for",
		"file://" + filepath.Join(t.TempDir(), "none"): "no such file or directory; the folder must be there",
	} {
		a, err := objects.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := objects.Open(t.Context(), a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
}

// TestNoCredentials opens stores without any: the error says so, and the libraries say nothing past ferry, as they like to.
func TestNoCredentials(t *testing.T) {
	machine := httptest.NewServer(http.NotFoundHandler())
	defer machine.Close()
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_REGION": "", "AWS_PROFILE": "",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": machine.URL, "AWS_EC2_METADATA_DISABLED": "", "HOME": t.TempDir(), "GOOGLE_APPLICATION_CREDENTIALS": "", "NO_GCE_CHECK": "true"} {
		t.Setenv(name, value)
	}
	said, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	out, errs := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = said, said
	defer func() { os.Stdout, os.Stderr = out, errs }()
	for address, want := range map[string]string{
		"s3://bucket/p?region=eu-west-1": "opening the store s3://bucket/p: no credentials were found; credentials are looked for in AWS_ACCESS_KEY_ID with",
		"s3://bucket/p":                  "opening the store s3://bucket/p: no region was found; ",
		"gs://bucket/p":                  "opening the store gs://bucket/p: no credentials were found; credentials are looked for in GOOGLE_",
	} {
		a, err := objects.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := objects.Open(t.Context(), a); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
	if text, err := os.ReadFile(said.Name()); err != nil || len(text) > 0 {
		t.Errorf("a library says %q, %v", text, err)
	}
}

// TestReadOnlyFolder makes sure that a folder that may not be written says so.
func TestReadOnlyFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	folder := t.TempDir()
	s := open(t, "file://"+folder)
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(folder, 0o755)
	if err := s.Put(t.Context(), "a", strings.NewReader("x")); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("putting ends with %v", err)
	}
}

// TestFolderThatComesAndGoes has folders of a store removed while objects are put there and listed: both go on.
func TestFolderThatComesAndGoes(t *testing.T) {
	folder := t.TempDir()
	s := open(t, "file://"+folder)
	s.Attempts = 100
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				os.RemoveAll(filepath.Join(folder, "a"))
			}
		}
	}()
	for i := range 100 {
		if err := s.Put(t.Context(), "a/"+strconv.Itoa(i), strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.List(t.Context(), "a/"); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	<-stopped
}

// TestParse reads addresses, and refuses those that would tell secrets.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"file:///srv/ferry":                        "file:///srv/ferry",
		"s3://b/a/c/?region=eu-west-1":             "s3://b/a/c",
		"gs://b":                                   "gs://b",
		"az://c/p?storage_account=a":               "az://c/p",
		"azblob://c":                               "az://c",
		"s3://b?endpoint=http%3A%2F%2Flocalhost:9": "s3://b",
	} {
		if a, err := objects.Parse(text); err != nil || a.String() != want {
			t.Errorf("%s is %s, %v", text, a, err)
		}
	}
	for text, want := range map[string]string{
		"/srv/ferry":                             "should be an address",
		"file://srv/ferry":                       "three slashes",
		"ftp://b/p":                              "there are file, s3, gs and az",
		"s3:///p":                                "names no bucket",
		"s3://s3cr3t:s3cr3t@b/p":                 "has credentials in it",
		"s3://b/%zz:s3cr3t":                      "should be an address",
		"s3://b?secret_access_key=s3cr3t":        `has the parameter "secret_access_key"`,
		"s3://b?endpoint=http://e.org":           "should be an https address",
		"s3://b?endpoint=https://u:s3cr3t@e.org": "without a password",
		"az://c?protocol=http&domain=e.org":      "on this machine alone",
	} {
		if _, err := objects.Parse(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
