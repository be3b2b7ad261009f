//go:build linux || darwin

package host

import "golang.org/x/sys/unix"

// access is why this process may not make files in a folder that is there; nil if it may.
func access(folder string) error { return unix.Access(folder, unix.W_OK|unix.X_OK) }
