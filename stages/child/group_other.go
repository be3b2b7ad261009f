//go:build !unix

package child

import "os/exec"

// Group does nothing where nobody has needed it yet: the end of the context kills the command alone.
func Group(*exec.Cmd) {}
