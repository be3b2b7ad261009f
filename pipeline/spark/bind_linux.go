package spark

import (
	"os/exec"
	"syscall"
)

// bind has a process end with this one, however that ends, and not with a Ctrl-C that is meant for this one.
func bind(p *exec.Cmd) {
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
