package mapped

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func open(t *testing.T, folder fs.FS, name string) fs.File {
	t.Helper()
	f, err := FS(folder).Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestPrivate checks that what is written to a mapping is there, and not in the file.
func TestPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files are not mapped here")
	}
	content := bytes.Repeat([]byte("weights "), 3000) // several pages
	folder := write(t, "model.safetensors", content)
	f, other := open(t, os.DirFS(folder), "model.safetensors").(*File), open(t, os.DirFS(folder), "model.safetensors").(*File)
	if err := f.Close(); err != nil { // the mapping stays
		t.Fatal(err)
	}
	if !bytes.Equal(f.Mapped(), content) {
		t.Fatal("the mapping is not the file's content")
	}
	copy(f.Mapped()[9000:], "changed")
	if string(f.Mapped()[9000:9007]) != "changed" {
		t.Error("the mapping is not writable")
	}
	if err := os.Remove(filepath.Join(folder, "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	read := make([]byte, len(content))
	if _, err := other.ReadAt(read, 0); err != nil || !bytes.Equal(read, content) || !bytes.Equal(other.Mapped(), content) {
		t.Errorf("writing to a mapping reaches the file, or deleting the file does the mapping: %v", err)
	}
	runtime.KeepAlive(f)
	runtime.KeepAlive(other)
}

// TestOthers checks what is not mapped: small files of a model, empty ones, and those of other file systems.
func TestOthers(t *testing.T) {
	for name, folder := range map[string]fs.FS{
		"config.json":        os.DirFS(write(t, "config.json", []byte("{}"))),
		"model.safetensors":  os.DirFS(write(t, "model.safetensors", nil)),
		"in/zip.safetensors": fstest.MapFS{"in/zip.safetensors": {Data: []byte("x")}},
	} {
		f := open(t, folder, name)
		if _, ok := f.(*File); ok {
			t.Errorf("%s is mapped", name)
		}
		if _, err := io.ReadAll(f); err != nil {
			t.Error(err)
		}
		if _, err := fs.Stat(FS(folder), name); err != nil {
			t.Error(err)
		}
		f.Close()
	}
	if _, err := FS(os.DirFS(t.TempDir())).Open("model.safetensors"); err == nil {
		t.Error("a file that is not there was opened")
	}
}

// TestUnmapped checks that a mapping goes when its file is unreachable, and not before.
func TestUnmapped(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/proc/self/maps is there on Linux only")
	}
	folder := write(t, "model.safetensors", make([]byte, 10000))
	mapped := func() bool {
		runtime.GC()
		maps, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(maps), folder)
	}
	f := open(t, os.DirFS(folder), "model.safetensors").(*File)
	f.Close()
	for range 3 {
		if !mapped() {
			t.Fatal("a file in use is not mapped")
		}
	}
	runtime.KeepAlive(f)
	for deadline := time.Now().Add(10 * time.Second); mapped(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a file that nobody has any more is still mapped")
		}
	}
}
