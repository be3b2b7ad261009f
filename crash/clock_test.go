//go:build linux && amd64

package crash

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hideClock keeps a process that has just begun from reading the time without a system call: that the kernel gives it code for that is
// told above its environment, on the stack.
func hideClock(thread int) error {
	const code, ignored = 33, 1 // AT_SYSINFO_EHDR, AT_IGNORE
	var registers syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(thread, &registers); err != nil {
		return err
	}
	word := make([]byte, 8)
	read := func(at uint64) uint64 {
		if _, err := syscall.PtracePeekData(thread, uintptr(at), word); err != nil {
			return 0
		}
		return binary.LittleEndian.Uint64(word)
	}
	at := registers.Rsp
	at += 8 * (read(at) + 2) // the arguments, their number before them and 0 behind
	for ; read(at) != 0; at += 8 {
	}
	for at += 8; read(at) != 0; at += 16 {
		if read(at) == code {
			_, err := syscall.PtracePokeData(thread, uintptr(at), binary.LittleEndian.AppendUint64(nil, ignored))
			return err
		}
	}
	return nil
}

// tellTime answers clock_gettime in the kernel's place.
func (t *tracer) tellTime(thread int, registers *syscall.PtraceRegs) error {
	if t.clock == nil {
		return nil
	}
	now := t.clock()
	answer := binary.LittleEndian.AppendUint64(nil, uint64(now.Unix()))
	answer = binary.LittleEndian.AppendUint64(answer, uint64(now.Nanosecond()))
	if _, err := syscall.PtracePokeData(thread, uintptr(registers.Rsi), answer); err != nil {
		return err
	}
	registers.Orig_rax, registers.Rax = ^uint64(0), 0
	return syscall.PtraceSetRegs(thread, registers)
}

// TestClock sets the clock of runs forward or back, by an hour or years, before some call that changes a file; half of them are killed
// some calls later. The next run, at the right time again, must end with the files of a run in peace, and the one after that find
// nothing to do. The times of files are the kernel's and stay right. Without FERRY_CRASH=all there are two.
func TestClock(t *testing.T) {
	traceable(t)
	want := inPeace(t)
	calls := len(changes(t))
	random := rand.New(rand.NewPCG(5, 6))
	trials, asked, killed := 2, 0, 0
	if everything() {
		trials = 40
	}
	for i := range trials {
		jump := []time.Duration{-3 * 365 * 24 * time.Hour, 3 * 365 * 24 * time.Hour, -time.Hour, time.Hour}[i%4]
		number := 1 + random.IntN(calls-50)
		t.Run(fmt.Sprint(jump, " before ", number), func(t *testing.T) {
			trial := &tracer{folder: newFolder(t)}
			var off time.Duration
			trial.clock = func() time.Time {
				if off != 0 {
					asked++
				}
				return time.Now().Add(off)
			}
			trial.decide = counted(func(n int, c call) action {
				if n == number {
					off = jump
				}
				return action{kill: i/4%2 == i%2 && n == number+40}
			})
			e, err := trial.run(arguments(1)...)
			if err != nil || e.hung || !e.killed && e.status != 0 || strings.Contains(e.said, "goroutine ") {
				t.Fatalf("%+v, %v", e, err)
			}
			if e.killed {
				killed++
			} else if found := differences(filesOf(t, trial.folder), want); len(found) > 0 {
				t.Errorf("after a run during which the clock was set:\n%s", strings.Join(found, "\n"))
			}
			again(t, trial.folder, want, 1)
		})
	}
	t.Logf("runs whose clock was set: %d, of which %d were killed; they asked for the time %d times after that", trials, killed, asked)
	if asked < 10*trials {
		t.Error("runs do not see the clock")
	}
}
