//go:build unix

package child

import (
	"context"
	"io"
	"os/exec"
	"testing"
	"time"
)

// TestGroup kills a shell with the program that it has started: only then nobody holds the pipe any more.
func TestGroup(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	command := exec.CommandContext(ctx, "sh", "-c", "sleep 60 & echo started; wait")
	Group(command)
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	cancel()
	closed := make(chan error)
	go func() {
		_, err := io.ReadAll(stdout)
		closed <- err
	}()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
		_ = command.Wait() // it was killed
	case <-time.After(20 * time.Second):
		t.Error("what the shell has started lives on")
	}
}
