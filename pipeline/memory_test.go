package pipeline

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

// TestMemory tokenizes a file of 10 MB and one of 100 MB: both take the same memory at most.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("tokenizes 110 MB")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // garbage is not what is to be measured
	small, large := heapOf(t, 10<<20), heapOf(t, 100<<20)
	t.Logf("10 MB take %d MB, 100 MB take %d MB", small>>20, large>>20)
	if large > small+small/2 {
		t.Errorf("10 MB of text take %d MB of memory, 100 MB take %d MB", small>>20, large>>20)
	}
}

// heapOf returns the most bytes that lived on the heap while a file of that size was tokenized.
func heapOf(t *testing.T, size int) uint64 {
	t.Helper()
	folder, file := folderWith(t, "memory.yaml")
	writeCollection(t, filepath.Join(folder, "collections", "english_collection.tsv"), size)
	return heapWhile(t, func() error { return run(t.Context(), t, file, Options{Workers: 2}) })
}

// heapWhile returns the most bytes that lived on the heap meanwhile.
func heapWhile(t *testing.T, do func() error) (most uint64) {
	t.Helper()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	err := do()
	close(stop)
	<-stopped
	if err != nil {
		t.Fatal(err)
	}
	return most
}

func writeCollection(t testing.TB, path string, size int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for written, i := 0, 0; written < size; i++ {
		n, _ := fmt.Fprintf(w, "%d\t%d %s\n", i, i, strings.Repeat("where is the bus stop ", 2+i%30))
		written += n
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
