package mapped

import (
	"bytes"
	"os"
	"runtime"
	"testing"
)

// TestScratch checks that what was written is read, from a file that has no name any more.
func TestScratch(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"TMPDIR", "TMP"} {
		t.Setenv(name, folder)
	}
	for _, content := range [][]byte{nil, []byte("a"), bytes.Repeat([]byte("scratch "), 100_000)} {
		s, err := NewScratch()
		if err != nil {
			t.Fatal(err)
		}
		for rest := content; len(rest) > 0; rest = rest[min(len(rest), 999):] {
			if _, err := s.Write(rest[:min(len(rest), 999)]); err != nil {
				t.Fatal(err)
			}
		}
		data, err := s.Bytes()
		if err != nil || !bytes.Equal(data, content) {
			t.Errorf("%d bytes come back as %d: %v", len(content), len(data), err)
		}
		left, err := os.ReadDir(folder)
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		runtime.KeepAlive(s)
	}
	t.Setenv("TMPDIR", folder+"/none")
	t.Setenv("TMP", folder+"/none")
	if _, err := NewScratch(); err == nil {
		t.Error("a folder that is not there")
	}
}
