package commands

import (
	"bufio"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestGrid kills examples/sample-grid.yaml, whose students are trained for a quarter of the time here, with SIGKILL amid its cells and
// runs it again. No step that had finished is begun again, the bytes are those of a run in peace, a third run begins nothing, and what
// the steps cost is known all the same.
func TestGrid(t *testing.T) {
	text, err := os.ReadFile("../examples/sample-grid.yaml")
	if err != nil {
		t.Fatal(err)
	}
	shorter := strings.Replace(string(text), "epochs: 4,", "epochs: 1,", 1)
	if shorter == string(text) {
		t.Fatal("students no longer take 4 epochs")
	}
	peace, folder := t.TempDir(), t.TempDir()
	for _, f := range []string{peace, folder} {
		if err := os.WriteFile(filepath.Join(f, "grid.yaml"), []byte(shorter), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	all := finishedSteps(t, peace, "")
	if cells := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !strings.HasPrefix(s, "stages.scores[") }); len(cells) != 8 {
		t.Fatalf("the cells are %q, want 8", cells)
	}
	first := finishedSteps(t, folder, "stages.student[none,ot,2]")
	second := finishedSteps(t, folder, "")
	if len(first) < 5 || len(second) == 0 {
		t.Errorf("%d steps before the kill and %d after it", len(first), len(second))
	}
	for _, step := range second {
		if slices.Contains(first, step) {
			t.Errorf("%s was made again", step)
		}
	}
	want, got := hashesOf(t, filepath.Join(peace, "out")), hashesOf(t, filepath.Join(folder, "out"))
	if len(want) < 5 || !maps.Equal(got, want) {
		t.Errorf("outputs differ: %v, want %v", got, want)
	}
	costs := costsOf(t, folder)
	if third := finishedSteps(t, folder, ""); len(third) > 0 {
		t.Errorf("a third run made %q", third)
	}
	if again := costsOf(t, folder); again != costs || !strings.Contains(costs, "  stages.scores[english,ot,2]\n") {
		t.Errorf("costs are\n%s\nand after a run that made nothing\n%s", costs, again)
	}
}

// finishedSteps runs a grid and lists the steps that finish, until it ends or, unless empty, kills it after a step.
func finishedSteps(t *testing.T, folder, kill string) []string {
	t.Helper()
	command := ferry(folder, "run", "grid.yaml", "--workers", "2", "--log", "plain")
	stderr, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var finished, told []string
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		told = append(told, lines.Text())
		_, rest, _ := strings.Cut(lines.Text(), " ")
		if step, _, ok := strings.Cut(rest, ": finished"); ok {
			if finished = append(finished, step); step == kill {
				command.Process.Kill()
			}
		}
	}
	if err := command.Wait(); (err != nil) != (kill != "") {
		t.Fatalf("ended with %v\n%s", err, strings.Join(told, "\n"))
	}
	return finished
}

func costsOf(t *testing.T, folder string) string {
	t.Helper()
	out, err := ferry(folder, "costs", "grid.yaml").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
