package host

import (
	"os"
	"runtime"
	"runtime/debug"
	"testing"
)

// TestResident takes memory, and gives it back.
func TestResident(t *testing.T) {
	before := Resident()
	if before < 0 {
		if runtime.GOOS == "linux" {
			t.Fatal("what is resident is not known")
		}
		t.Skip("what is resident is known on Linux")
	}
	const size = 64 << 20
	taken := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		taken[i] = 1
	}
	if got := Resident() - before; got < size*3/4 || got > size*5/4 {
		t.Errorf("%d more bytes are resident after %d were taken", got, size)
	}
	runtime.KeepAlive(taken)
	taken = nil
	debug.FreeOSMemory()
	if got := Resident() - before; got > size/4 {
		t.Errorf("%d more bytes are resident after all was given back", got)
	}
}

// TestMemory compares what the machine has with what its kernel says.
func TestMemory(t *testing.T) {
	total, limit := Memory()
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Skip("what the machine has is told on Linux")
	}
	if want := kilobytes(data, "MemTotal:"); total != want {
		t.Errorf("the machine has %d bytes, want %d", total, want)
	}
	if limit < 0 || limit > total {
		t.Errorf("of %d bytes the process may take %d", total, limit)
	}
	t.Logf("%d bytes, limited to %d", total, limit)
}
