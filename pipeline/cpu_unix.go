//go:build unix

package pipeline

import "syscall"

// processCPU is the CPU time that this process has taken, in seconds, the system's on its behalf included.
func processCPU() float64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
