package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain makes the process a child that measures, where its parent says so.
func TestMain(m *testing.M) {
	if name := os.Getenv("FERRY_BENCH_CHILD"); name != "" {
		work := func() error { return serve(name, os.Stdin, os.Stdout) }
		if folder, found := strings.CutPrefix(name, "open:"); found {
			work = func() error { return answer(folder, os.Stdin, os.Stdout) }
		}
		if err := work(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A round is what a child measured at one go.
type round struct {
	Size        float64 // of the work of one repetition
	Items       int     // that it made
	Repetitions []repetition
	PeakMemory  float64 // MB
	Quality     quality
}

// serve measures a round for every line that it reads, and answers with a line of JSON.
func serve(id string, in io.Reader, out io.Writer) error {
	b, err := find(id)
	if err != nil {
		return err
	}
	t, err := b.work(runtime.GOMAXPROCS(0))
	if err != nil {
		return fmt.Errorf("%s: %w", id, err)
	}
	t.once() // workspaces grow, weights are laid out
	t.once()
	for lines := bufio.NewScanner(in); lines.Scan(); {
		r := round{Size: t.size, Items: t.items, Quality: t.quality}
		for spent := 0.0; len(r.Repetitions) < 3 && spent < 6; spent += r.Repetitions[len(r.Repetitions)-1].Wall {
			r.Repetitions = append(r.Repetitions, t.once())
		}
		r.PeakMemory = peakMemory()
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// once prepares the task and does it.
func (t task) once() repetition {
	if t.prepare != nil {
		t.prepare()
	}
	return timed(t.run)
}

// A child is a process of this program that measures one benchmark on the last cores of the machine, as many as it
// has threads. It stays between rounds, so that what comes up once does so once.
type child struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
}

func startChild(t *testing.T, id string, threads int) *child {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{command: exec.Command(program)}
	c.command.Env = append(os.Environ(), "FERRY_BENCH_CHILD="+id)
	c.command.Stderr = os.Stderr
	if c.in, err = c.command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = json.NewDecoder(out)
	if err := onLastCores(threads, c.command.Start); err != nil {
		t.Fatal(err)
	}
	return c
}

// onLastCores calls start, whose process inherits the cores that it may run on.
func onLastCores(n int, start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all, last unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return fmt.Errorf("asking for the cores: %w", err)
	}
	for cpu := 1023; cpu >= 0 && last.Count() < n; cpu-- {
		if all.IsSet(cpu) {
			last.Set(cpu)
		}
	}
	if last.Count() < n {
		return fmt.Errorf("this machine has %d cores, the benchmark needs %d", last.Count(), n)
	}
	if err := unix.SchedSetaffinity(0, &last); err != nil {
		return fmt.Errorf("choosing cores: %w", err)
	}
	defer unix.SchedSetaffinity(0, &all)
	return start()
}

// measure adds a round to m.
func (c *child) measure(t *testing.T, m *measurement) {
	t.Helper()
	var r round
	if _, err := io.WriteString(c.in, "\n"); err != nil {
		t.Fatal(err)
	}
	if err := c.out.Decode(&r); err != nil {
		t.Fatal("measuring: ", err)
	}
	m.add(r)
}

func (c *child) stop() {
	c.in.Close()
	c.command.Wait()
}
