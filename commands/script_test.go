package commands

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets this test binary be the command ferry in scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ferry": func() { os.Exit(Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs testdata/script/*.txtar. Besides testscript's own there are two commands: `exits CODE COMMAND ...`,
// `jsonlines FILE [KEY ...]` and `serve FOLDER`.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "../testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "jsonlines": jsonLines, "serve": serve,
		},
	})
}

// exits runs a command that must end with the given code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// serve starts a web server for what is in a folder, which becomes FERRY_MIRROR. Folders in it that are named like
// archives are packed into such. The server breaks off in the middle of the first answer to each file.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	root := ts.MkAbs(args[0])
	broken := map[string]bool{}
	var mutex sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := served(filepath.Join(root, filepath.FromSlash(r.URL.Path)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Etag", fmt.Sprintf(`"%x"`, md5.Sum(content)))
		mutex.Lock()
		first := !broken[r.URL.Path]
		broken[r.URL.Path] = true
		mutex.Unlock()
		if first {
			w.Header().Set("Content-Length", strconv.Itoa(len(content)))
			w.Write(content[:len(content)/2])
			panic(http.ErrAbortHandler)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	ts.Defer(s.Close)
	ts.Setenv("FERRY_MIRROR", s.URL)
}

// served is the content of a file, or the archive of a folder.
func served(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return os.ReadFile(path)
	}
	var b bytes.Buffer
	switch {
	case strings.HasSuffix(path, ".zip"):
		w := zip.NewWriter(&b)
		err = errors.Join(w.AddFS(os.DirFS(path)), w.Close())
	case strings.HasSuffix(path, ".tar.gz"):
		z := gzip.NewWriter(&b)
		w := tar.NewWriter(z)
		err = errors.Join(w.AddFS(os.DirFS(path)), w.Close(), z.Close())
	default:
		err = fs.ErrNotExist
	}
	return b.Bytes(), err
}

// jsonLines makes sure that every line of a file, or of stdout or stderr, is a JSON object with a time, a level, a message and
// texts of the other keys that are named.
func jsonLines(ts *testscript.TestScript, _ bool, args []string) {
	lines := 0
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		lines++
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("line %d: %v: %s", lines, err, line)
		}
		for _, key := range append([]string{"time", "level", "msg"}, args[1:]...) {
			if text, ok := object[key].(string); !ok || text == "" {
				ts.Fatalf("line %d has no text %s: %s", lines, key, line)
			}
		}
		if _, err := time.Parse(time.RFC3339Nano, object["time"].(string)); err != nil {
			ts.Fatalf("line %d: %v", lines, err)
		}
		if !slices.Contains([]any{"INFO", "WARN", "ERROR"}, object["level"]) {
			ts.Fatalf("line %d: level %v", lines, object["level"])
		}
	}
	if lines == 0 {
		ts.Fatalf("no lines")
	}
}
