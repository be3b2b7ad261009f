package pipeline

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// TestHashes replaces and rewrites a file in ways that neither its size nor its time tells.
func TestHashes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no numbers there")
	}
	folder := t.TempDir()
	file, other := filepath.Join(folder, "text"), filepath.Join(folder, "other")
	then := time.Now().Add(-time.Hour)
	write := func(file, content string) {
		t.Helper()
		put(t, file, content)
		if err := os.Chtimes(file, then, then); err != nil {
			t.Fatal(err)
		}
	}
	h := openHashes(folder)
	sum := func() string {
		t.Helper()
		got, err := h.sum(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	write(file, "one")
	one := sum()
	write(other, "two")
	if err := os.Rename(other, file); err != nil {
		t.Fatal(err)
	}
	if !h.changed(file) {
		t.Error("another file in its place is not seen while it is read")
	}
	two := sum()
	time.Sleep(20 * time.Millisecond) // beyond what file systems tell apart
	write(file, "one")
	if three := sum(); two == one || three != one {
		t.Errorf("one, two, one: %s, %s, %s", one, two, three)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if h.changed(file) {
		t.Error("other rights to a file make it another one")
	}
}
