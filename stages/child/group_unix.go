//go:build unix

package child

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// Group has the end of the context of a command, which was made with exec.CommandContext and has not been started, kill its whole group.
// A Ctrl-C at the terminal does not reach that group any more: it has to end the context.
func Group(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error {
		err := syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) { // which nobody needs to be told
			return os.ErrProcessDone
		}
		return err
	}
}
