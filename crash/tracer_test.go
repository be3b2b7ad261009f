//go:build linux && amd64

package crash

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// An action is what becomes of a system call; the zero one lets it happen.
type action struct {
	errno syscall.Errno // the call fails with this and does nothing
	kill  bool          // the process dies before it
	torn  bool          // the process dies after half of what the call writes is written
}

// A tracer decides what becomes of each system call of a process that changes a file below a folder, or opens one.
type tracer struct {
	folder string
	decide func(call) action
	clock  func() time.Time // what the process is told, if it is not to know the time
	pid    int
	dead   bool // it has been killed by the tracer
}

// An end is how a process ended.
type end struct {
	status syscall.WaitStatus
	killed bool   // by the tracer
	hung   bool   // it did not end by itself for too long
	said   string // on both outputs
}

// deadline is how long ferry may take for what takes it half a second.
const deadline = 2 * time.Minute

// run runs ferry in the folder. All threads of a process are traced by one of ours.
func (t *tracer) run(args ...string) (e end, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	said, err := os.CreateTemp("", "ferry-said-")
	if err != nil {
		return e, err
	}
	defer os.Remove(said.Name())
	defer said.Close()
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return e, err
	}
	defer nothing.Close()
	program, err := os.Executable()
	if err != nil {
		return e, err
	}
	as := "ferry"
	if t.decide != nil {
		as = "traced"
	}
	process, err := os.StartProcess(program, append([]string{as}, args...), &os.ProcAttr{
		Dir: t.folder, Files: []*os.File{nothing, said, said}, Sys: &syscall.SysProcAttr{Ptrace: t.decide != nil},
	})
	if err != nil {
		return e, fmt.Errorf("starting ferry: %w", err)
	}
	defer process.Release()
	t.pid, t.dead = process.Pid, false
	var hung atomic.Bool
	alarm := time.AfterFunc(deadline, func() { hung.Store(true); syscall.Kill(t.pid, syscall.SIGKILL) })
	e.status, err = t.follow()
	alarm.Stop()
	e.killed, e.hung = t.dead, hung.Load()
	text, failed := os.ReadFile(said.Name())
	e.said = string(text)
	return e, errors.Join(err, failed)
}

const options = syscall.PTRACE_O_TRACESYSGOOD | syscall.PTRACE_O_TRACECLONE | syscall.PTRACE_O_TRACEFORK | syscall.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACESECCOMP | unix.PTRACE_O_EXITKILL

// follow goes along with the process to its end. One without decisions to take is not traced.
func (t *tracer) follow() (status syscall.WaitStatus, err error) {
	for first := t.decide != nil; ; {
		thread, err := syscall.Wait4(-1, &status, syscall.WALL|unix.WNOTHREAD, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return status, fmt.Errorf("waiting for ferry: %w", err)
		case !status.Stopped() && thread == t.pid:
			return status, nil
		case !status.Stopped():
			continue
		}
		signal, next := 0, syscall.PtraceCont
		switch stop := status.StopSignal(); {
		case first:
			first = false
			err = syscall.PtraceSetOptions(thread, options)
		case status.TrapCause() == unix.PTRACE_EVENT_SECCOMP:
			var torn bool
			if torn, err = t.enter(thread); torn {
				next = syscall.PtraceSyscall
			}
		case stop == syscall.SIGTRAP|0x80: // half of the write is done
			err = t.kill()
		case stop == syscall.SIGTRAP && status.TrapCause() == 0 && t.clock != nil: // it has become ferry
			err = hideClock(thread)
		case stop == syscall.SIGTRAP || stop == syscall.SIGSTOP: // another event, or a thread's beginning
		default:
			signal = int(stop)
		}
		if err == nil {
			err = next(thread, signal)
		}
		if err != nil && err != syscall.ESRCH { // it may be dying
			syscall.Kill(t.pid, syscall.SIGKILL)
			return status, fmt.Errorf("tracing ferry: %w", err)
		}
	}
}

// enter decides about a system call that a thread is about to make, and tells whether it is to die of it.
func (t *tracer) enter(thread int) (torn bool, err error) {
	var registers syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(thread, &registers); err != nil {
		return false, err
	}
	if registers.Orig_rax == unix.SYS_CLOCK_GETTIME {
		return false, t.tellTime(thread, &registers)
	}
	c, ok := t.call(thread, &registers)
	if !ok || t.dead {
		return false, nil
	}
	a := t.decide(c)
	switch {
	case a.torn:
		registers.Rdx /= 2
	case a.kill:
		return false, t.kill()
	case a.errno != 0:
		registers.Orig_rax, registers.Rax = ^uint64(0), -uint64(a.errno) // no call, and what it returns
	default:
		return false, nil
	}
	return a.torn, syscall.PtraceSetRegs(thread, &registers)
}

func (t *tracer) kill() error {
	t.dead = true
	return syscall.Kill(t.pid, syscall.SIGKILL)
}

// traceable skips a test where a process may not trace its children.
func traceable(t *testing.T) {
	t.Helper()
	calls := 0
	trial := &tracer{folder: t.TempDir(), decide: func(call) action { calls++; return action{} }}
	e, err := trial.run("init", filepath.Join(trial.folder, "pipeline.yaml"))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSYS) {
		t.Skip("skipped, since a process may not trace another here: ", err)
	}
	if err != nil || e.status != 0 || calls == 0 {
		t.Fatalf("%d calls seen, %+v, %v", calls, e, err)
	}
}
