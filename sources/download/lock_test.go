package download

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestOwnerDies takes over from a process that was killed while it held the lock.
func TestOwnerDies(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files are not locked there")
	}
	folder := filepath.Join(t.TempDir(), "model")
	if held := os.Getenv("FERRY_TEST_LOCK"); held != "" {
		if _, err := Lock(t.Context(), held, nil); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("locked\n")
		time.Sleep(time.Minute)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestOwnerDies$")
	child.Env = append(os.Environ(), "FERRY_TEST_LOCK="+folder)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatal(line, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	holder := fmt.Sprintf("process %d", child.Process.Pid)
	var told string
	if _, err := Lock(ctx, folder, func(owner string) { told = "process " + owner; cancel() }); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), holder) {
		t.Errorf("lock of another process: %v", err)
	}
	if told != holder {
		t.Errorf("waits for %s, is told of %q", holder, told)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	unlock, err := Lock(t.Context(), folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}
