//go:build !unix

package host

// CPU is 0 where nobody has needed it yet: CPU times are not known there.
func CPU() float64 { return 0 }

// PeakMemory is 0 there for the same reason.
func PeakMemory() int64 { return 0 }
