package pipeline

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEngineBrought has machines that were given ferry by an earlier run: it is not sent again, unless one has none.
func TestEngineBrought(t *testing.T) {
	for _, lacking := range []bool{false, true} {
		t.Setenv("FERRY_CACHE", t.TempDir())
		_, file := badText(t)
		w := &workshop{apart: true, brought: true}
		w.before = func(TaskLine) error {
			if lacking && w.sent == "" {
				return errors.New(notBrought + " elsewhere")
			}
			return nil
		}
		if err := run(t.Context(), t, withStore(t, file, "file://"+t.TempDir()), Options{Engine: somewhere, engine: w}); err != nil {
			t.Fatal(err)
		}
		if (w.sent != "") != lacking {
			t.Errorf("sent is %q", w.sent)
		}
	}
}

// holds tells whether a file below a folder has a text in it, and which.
func holds(t *testing.T, folder, text string) (found bool) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), text) {
			t.Log(path)
			found = true
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

// TestEngineToken has the token of an engine in the pipeline file, in two ways by the environment, and on the command line: machines
// that do tasks need it not and are not told it, and it is written nowhere.
func TestEngineToken(t *testing.T) {
	const token = "s3cr3t=="
	const address = "sc://somewhere/;use_ssl=true;token=" + token
	for name, c := range map[string]struct {
		engine string // in the file
		sets   []string
		option string
		store  bool
	}{
		"the file":              {engine: `"` + address + `"`},
		"a variable":            {engine: "${FERRY_TEST_REMOTE}"},
		"a part":                {engine: "sc://somewhere/;token=${FERRY_TEST_TOKEN}", store: true},
		"--engine":              {engine: "local", option: address},
		"--set":                 {engine: "local", sets: []string{"engine=" + address}},
		"--set with a variable": {engine: "local", sets: []string{"engine=${FERRY_TEST_REMOTE}"}, store: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("FERRY_CACHE", t.TempDir())
			t.Setenv("FERRY_TEST_REMOTE", address)
			t.Setenv("FERRY_TEST_TOKEN", token)
			store := ""
			if c.store {
				store = "file://" + t.TempDir()
			}
			folder, file := badText(t)
			withStore(t, file, store)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			put(t, file, "engine: "+c.engine+"\n"+string(text))
			p := loadSmall(t, file, c.sets...)
			w := &workshop{apart: c.store, before: func(l TaskLine) error {
				os.Unsetenv("FERRY_TEST_REMOTE") // as elsewhere
				os.Unsetenv("FERRY_TEST_TOKEN")
				if line, err := json.Marshal(l); err != nil || strings.Contains(string(line), token) {
					t.Errorf("a task says %s, %v", line, err)
				}
				return nil
			}}
			var o events
			if err := p.Run(t.Context(), Options{Reporter: &o, Engine: c.option, engine: w}); err != nil || len(w.answers) == 0 {
				t.Fatal(w.answers, err)
			}
			put(t, file, "")
			for _, below := range []string{folder, strings.TrimPrefix(store, "file://")} {
				if below != "" && holds(t, below, token) {
					t.Errorf("%s has it", below)
				}
			}
		})
	}
}
