//go:build !linux

package spark

import "os/exec"

// bind does nothing where a process cannot be tied to this one.
func bind(*exec.Cmd) {}
