package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sources"
)

// openModel is the model that is opened; its vocabulary of 250,037 is what a small model is slowest with.
const openModel = "multilingual-e5-small"

// opening measures how long a fresh process takes to open a model and to answer its first batch, of 16 short queries,
// with the files in the page cache, beside transformers in a fresh Python. Value and PeerValue are seconds.
func opening(t *testing.T, threads int) line {
	l := line{Bench: "open", Variant: openModel + " and a first batch of 16", Threads: threads, Unit: "s"}
	folder, err := filepath.Abs(filepath.Join(os.Getenv("FERRY_MODELS"), openModel))
	if _, missing := os.Stat(folder); err != nil || missing != nil || os.Getenv("FERRY_MODELS") == "" {
		l.Skipped = "FERRY_MODELS names no folder with " + openModel
		return l
	}
	t.Logf("open on %d", threads)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	python := os.Getenv("FERRY_PEERS")
	var ours, peer measurement
	for range 4 {
		vector := ours.open(t, threads, program, folder)
		if python == "" {
			continue
		}
		for i, x := range peer.open(t, threads, python, filepath.Join("testdata", "open.py"), folder) {
			if math.Abs(x-vector[i]) > 1e-4 {
				t.Fatalf("dimension %d is %g, the peer's is %g", i, vector[i], x)
			}
		}
	}
	wall, cpu, disturbed := ours.rates()
	l.Value, l.PerCPUSecond, l.PeakRSS, l.Disturbed = number(1/wall), significant(cpu), significant(ours.peakMemory), disturbed
	if python == "" {
		return l
	}
	peerWall, peerCPU, peerDisturbed := peer.rates()
	name := "transformers"
	l.Peer, l.PeerValue, l.PeerPerCPUSecond, l.PeerPeakRSS = &name, number(1/peerWall), significant(peerCPU), significant(peer.peakMemory)
	l.Disturbed = disturbed || peerDisturbed
	l.Basis, l.Ratio = "wall", number(wall/peerWall)
	if l.Disturbed && threads == 1 {
		l.Basis, l.Ratio = "cpu", number(cpu/peerCPU)
	}
	return l
}

// open adds a repetition: a process from its start to its end. It returns the vector that the process printed.
func (m *measurement) open(t *testing.T, threads int, program string, arguments ...string) (vector []float64) {
	t.Helper()
	var queries, out, complaints bytes.Buffer
	for i := range 16 {
		fmt.Fprintf(&queries, "query: Where is the nearest bus stop of line %d, please?\n", i)
	}
	command := exec.Command(program, arguments...)
	command.Env = append(os.Environ(), "FERRY_BENCH_CHILD=open:"+arguments[0], fmt.Sprint("OMP_NUM_THREADS=", threads))
	command.Stdin, command.Stdout, command.Stderr = &queries, &out, &complaints
	busy, start := busySeconds(), time.Now()
	err := onLastCores(threads, command.Start)
	if err == nil {
		err = command.Wait()
	}
	r := repetition{Wall: time.Since(start).Seconds()}
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, complaints.String())
	}
	r.CPU = (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds()
	r.Others = max(0, busySeconds()-busy-r.CPU) / r.Wall
	peak := float64(command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
	m.add(round{Size: 1, Repetitions: []repetition{r}, PeakMemory: peak})
	if err := json.Unmarshal(out.Bytes(), &vector); err != nil {
		t.Fatalf("%s printed %q: %v", program, out.String(), err)
	}
	return vector
}

// answer is what open times: it opens a model, embeds the lines of in as one batch and prints the first vector.
func answer(folder string, in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	m, err := (&sources.Pretrained{Path: schemas.Path(folder)}).Open(context.Background(), 0, nil)
	if err != nil {
		return err
	}
	embedder := model.NewEmbedder(m, model.EmbedOptions{Pooling: model.Mean, Normalize: true, MaxTokens: m.MaxTokens, Budget: 1 << 14})
	return embedder.Embed(context.Background(), strings.Split(strings.TrimSpace(string(text)), "\n"), false, func(i int, e model.Embedded) error {
		if i > 0 {
			return nil
		}
		return json.NewEncoder(out).Encode(e.Vector)
	})
}
