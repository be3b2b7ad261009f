package scale

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// What all tests share: the program, and a cluster that the first to need it starts.
var (
	ferry   string
	scratch string
	cluster *Cluster
	once    sync.Once
	failed  error
)

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "scale"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(scratch)
	defer func() {
		if cluster != nil {
			cluster.Stop()
		}
	}()
	return m.Run()
}

// spark is the cluster, of two workers. It skips the test where there is no Spark.
func spark(t *testing.T) *Cluster {
	t.Helper()
	home := os.Getenv("SPARK_HOME")
	if home == "" {
		t.Skip("SPARK_HOME names no Spark: run make scale")
	}
	once.Do(func() {
		ferry = filepath.Join(scratch, "ferry")
		if out, err := exec.Command("go", "build", "-o", ferry, "..").CombinedOutput(); err != nil {
			failed = fmt.Errorf("%w: %s", err, out)
			return
		}
		cluster, failed = Start(context.Background(), home, scratch, 2)
	})
	if failed != nil {
		t.Fatal(failed)
	}
	return cluster
}

// pipelineIn makes a folder with a pipeline file.
func pipelineIn(t *testing.T, text string) (folder string) {
	folder = t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "pipeline.yaml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return folder
}

// command is ferry in a folder.
func command(folder string, args ...string) *exec.Cmd {
	c := exec.Command(ferry, args...)
	c.Dir = folder
	return c
}

// outputs are the hashes of all that was written but for the manifest.
func outputs(t *testing.T, folder string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), "out", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".manifest.json") {
			return err
		}
		data, err := os.ReadFile(filepath.Join(folder, path))
		sums[path] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	if err != nil || len(sums) == 0 {
		t.Fatalf("%d files: %v", len(sums), err)
	}
	return sums
}

func same(t *testing.T, folder string, want map[string]string) {
	t.Helper()
	if got := outputs(t, folder); !maps.Equal(got, want) {
		t.Errorf("outputs are %v, want %v", got, want)
	}
}
