//go:build !amd64 || purego

package kernel

// available lists what this machine can run, the fastest last.
func available() []isa { return []isa{generic} }
