package pipeline

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/sinks"
)

// TestDepot has a second process find what the first has got, what was used last stay when there is no room, and what a killed one
// left go.
func TestDepot(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("FERRY_CACHE", cache)
	address := "file://" + t.TempDir()
	var got []string
	inDepot := func(names ...string) *depot {
		t.Helper()
		d, err := openDepot(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			file, c := filepath.Join(d.work, "models", name), content.Sum{Bytes: largeContent, SHA256: name}
			err := d.get(t.Context(), file, c, func() error {
				got = append(got, name)
				f, err := sinks.Create(file)
				if err != nil {
					return err
				}
				_, err = f.Write(bytes.Repeat([]byte(name), largeContent))
				return f.Publish(err)
			})
			if data, read := os.ReadFile(file); err != nil || read != nil || !bytes.Equal(data, bytes.Repeat([]byte(name), largeContent)) {
				t.Errorf("%s is not there: %v, %v", name, err, read)
			}
			time.Sleep(20 * time.Millisecond) // beyond what file systems tell apart
		}
		return d
	}
	killed := inDepot("a", "b")
	longAgo := time.Now().Add(-time.Hour)
	if err := os.Chtimes(killed.work, longAgo, longAgo); err != nil {
		t.Fatal(err)
	}
	first := inDepot("a", "c")
	if !isThere(killed.work, 0) {
		t.Error("the folder of a process at work was removed")
	}
	killed.lock.Close() // as it is when the process ends
	if err := first.trim(2 * largeContent); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(first.work, "models/a")); err != nil {
		t.Error(err)
	}
	if err := first.close(); err != nil || isThere(first.work, 0) {
		t.Errorf("it has left its folder: %v", err)
	}
	if err := inDepot("a", "c", "b").close(); err != nil {
		t.Error(err)
	}
	if want := []string{"a", "b", "c", "b"}; !slices.Equal(got, want) {
		t.Errorf("was got: %v, want %v", got, want)
	}
	if isThere(killed.work, 0) {
		t.Error("the folder of a killed process stays")
	}
}
