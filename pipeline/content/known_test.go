package content

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// TestKnown replaces and rewrites a file in ways that neither its size nor its time tells.
func TestKnown(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no numbers there")
	}
	folder := t.TempDir()
	file, other := filepath.Join(folder, "text"), filepath.Join(folder, "other")
	then := time.Now().Add(-time.Hour)
	write := func(file, text string) {
		t.Helper()
		err := os.WriteFile(file, []byte(text), 0o666)
		if err == nil {
			err = os.Chtimes(file, then, then)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	k := OpenKnown(folder)
	sum := func() string {
		t.Helper()
		got, err := k.Sum(t.Context(), file)
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
	if !k.Changed(file) {
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
	if k.Changed(file) {
		t.Error("other rights to a file make it another one")
	}
}
