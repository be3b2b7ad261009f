package model

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadSmall refuses a file that is larger than any of its kind before a byte of it is read.
func TestReadSmall(t *testing.T) {
	folder := t.TempDir()
	for _, c := range []struct {
		name    string
		size    int64
		read    func(fs.FS, string) ([]byte, error)
		problem string
	}{
		{tokenizerFile, 10, ReadSmall, ""},
		{tokenizerFile, maxSmallFile + 1, ReadSmall, "more than any such file"},
		{configFile, maxConfigFile, readConfig, ""},
		{configFile, maxConfigFile + 1, readConfig, "more than any such file"},
	} {
		name := filepath.Join(folder, c.name)
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, c.size); err != nil { // it takes no room
			t.Fatal(err)
		}
		data, err := c.read(os.DirFS(folder), c.name)
		switch {
		case c.problem == "" && (err != nil || int64(len(data)) != c.size):
			t.Errorf("%s of %d bytes: %d are read, %v", c.name, c.size, len(data), err)
		case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
			t.Errorf("%s of %d bytes: %v", c.name, c.size, err)
		}
	}
}
