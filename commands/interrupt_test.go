package commands

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestInterrupt sends a signal, twice as timeout(1) does, to a running ferry at several moments. It must end within two seconds with its code and
// leave nothing half-written, while another run in its work folder is refused.
func TestInterrupt(t *testing.T) {
	folder := t.TempDir()
	if out, err := ferry(folder, "init").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	slow := []string{"run", "--workers", "2", "--set", "stages.teacher.epochs=100", "--set", "stages.teacher.micro_batch=32"}
	for _, c := range []struct {
		name, line string // interrupted after this line
		by         syscall.Signal
		args       []string
	}{
		{"at once", "started", syscall.SIGINT, slow},
		{"training", "stages.teacher: started", syscall.SIGHUP, slow},
		{"embedding", "stages.teacher: finished", syscall.SIGTERM, []string{"run", "--workers", "2", "--set", "stages.teacher.epochs=0.01", "--set", "stages.student.epochs=100"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if signal.Ignored(c.by) {
				t.Skipf("%v is ignored here, as below nohup", c.by)
			}
			interrupt(t, folder, c.line, c.by, c.args)
		})
	}
}

// ferry is this test binary as the command.
func ferry(folder string, args ...string) *exec.Cmd {
	command := exec.Command(os.Args[0])
	command.Args = append([]string{"ferry"}, args...)
	command.Dir = folder
	return command
}

func interrupt(t *testing.T, folder, line string, by syscall.Signal, args []string) {
	command := ferry(folder, args...)
	stderr, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Process.Kill()
	var told []string
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		told = append(told, lines.Text())
		if strings.Contains(lines.Text(), line) {
			break
		}
	}
	second := ferry(folder, args...)
	owner := fmt.Sprintf("another run is at work in %s: process %d on ", filepath.Join(folder, ".ferry"), command.Process.Pid)
	if out, _ := second.CombinedOutput(); second.ProcessState.ExitCode() != Busy || !strings.Contains(string(out), owner) {
		t.Errorf("a second run: %v: %s", second.ProcessState, out)
	}
	if err := command.Process.Signal(by); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	time.Sleep(10 * time.Millisecond)
	_ = command.Process.Signal(by) // it may have ended
	for lines.Scan() {
		told = append(told, lines.Text())
	}
	err = command.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != Interrupted+int(by) {
		t.Errorf("ended with %v\n%s", err, strings.Join(told, "\n"))
	}
	if last := told[len(told)-1]; last != "ferry: interrupted" {
		t.Errorf("the last line is %q", last)
	}
	if took := time.Since(started); took > 2*time.Second {
		t.Errorf("took %v to end", took)
	}
	expect(t, 1, ferry(folder, "status"), "last interrupted at ", ", started by hand problem the last run did not succeed")
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.Contains(d.Name(), ".part-") {
			t.Errorf("left behind: %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
