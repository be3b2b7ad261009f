package model

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadSmall refuses a file that is larger than any of its kind before a byte of it is read.
func TestReadSmall(t *testing.T) {
	folder := t.TempDir()
	for size, problem := range map[int64]string{10: "", maxSmallFile + 1: "more than any such file"} {
		name := filepath.Join(folder, tokenizerFile)
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, size); err != nil { // it takes no room
			t.Fatal(err)
		}
		data, err := ReadSmall(os.DirFS(folder), tokenizerFile)
		switch {
		case problem == "" && (err != nil || int64(len(data)) != size):
			t.Errorf("%d bytes: %d are read, %v", size, len(data), err)
		case problem != "" && (err == nil || !strings.Contains(err.Error(), problem)):
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}
