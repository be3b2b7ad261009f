//go:build !unix

package pipeline

// processCPU is 0 where nobody has needed it yet: CPU times are not known there.
func processCPU() float64 { return 0 }

// peakMemory is 0 there for the same reason.
func peakMemory() int64 { return 0 }
