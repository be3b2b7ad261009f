package commands

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A sharing is a process that does a share of a run.
type sharing struct {
	*exec.Cmd
	told  logged
	ended chan error
}

func startShare(t *testing.T, folder string, number int, args []string) *sharing {
	t.Helper()
	s := &sharing{Cmd: ferry(folder, append(args, "--tasks", fmt.Sprintf("%d/4", number))...), ended: make(chan error, 1)}
	s.Stdout, s.Stderr = &s.told, &s.told
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Process.Kill() })
	go func() { s.ended <- s.Wait() }()
	return s
}

// TestKillShare runs a pipeline in four processes and kills the one that trains: the others wait until it is started again,
// and all ends with the bytes of a run in peace.
func TestKillShare(t *testing.T) {
	peace, folder := t.TempDir(), t.TempDir()
	for _, f := range []string{peace, folder} {
		if err := os.WriteFile(filepath.Join(f, "pipeline.yaml"), starter, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"run", "--workers", "1", "--checkpoint", "1ns", "--set", "stages.teacher.epochs=0.3", "--set", "stages.student.epochs=0.2"}
	if out, err := ferry(peace, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var shares []*sharing
	for i := range 4 {
		shares = append(shares, startShare(t, folder, i+1, args))
	}
	wait(t, func() bool { return savedStep(folder, "train") >= 5 })
	killed := 0
	for i, s := range shares {
		if strings.Contains(s.told.String(), "stages.teacher: started") {
			s.Process.Kill()
			<-s.ended
			shares[i] = startShare(t, folder, i+1, args)
			killed++
		}
	}
	if killed != 1 {
		t.Errorf("%d processes have trained", killed)
	}
	for i, s := range shares {
		if err := <-s.ended; err != nil {
			t.Errorf("share %d: %v\n%s", i+1, err, s.told.String())
		}
	}
	if want, got := hashesOf(t, filepath.Join(peace, "out")), hashesOf(t, filepath.Join(folder, "out")); len(want) == 0 || !maps.Equal(got, want) {
		t.Errorf("outputs differ: %v, want %v", got, want)
	}
	if told := shares[0].told.String(); !strings.Contains(told, "nDCG@10") || !strings.Contains(told, "report: ") {
		t.Errorf("the first share does not show results:\n%s", told)
	}
}
