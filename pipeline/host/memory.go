package host

import (
	"bytes"
	"os"
	"strconv"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/pbnjay/memory"
)

// Memory is how many bytes the machine has, 0 if that is not known, and how many of them the process may take, 0 if nobody has said:
// containers and systemd say so by control groups.
func Memory() (total, limit int64) {
	total = int64(memory.TotalMemory())
	if most, err := memlimit.FromCgroup(); err == nil && (total == 0 || most < uint64(total)) {
		limit = int64(most)
	}
	return total, limit
}

// Resident is how many bytes of memory the process has taken, but for those of files that it has mapped, which the system takes
// back when it needs them; -1 where that is not known. Asking takes about 20 us.
func Resident() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return -1
	}
	own, shared := kilobytes(status, "RssAnon:"), kilobytes(status, "RssShmem:")
	if own < 0 || shared < 0 {
		return -1
	}
	return own + shared
}

// kilobytes is the value, in bytes, of a line such as `RssAnon:    1234 kB`; -1 if there is none.
func kilobytes(status []byte, key string) int64 {
	for line := range bytes.Lines(status) {
		fields := bytes.Fields(line)
		if len(fields) == 3 && string(fields[0]) == key {
			if n, err := strconv.ParseInt(string(fields[1]), 10, 54); err == nil {
				return n << 10
			}
		}
	}
	return -1
}
