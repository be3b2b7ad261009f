//go:build purego || (!amd64 && !arm64)

package kernel

// available lists what this machine can run, the fastest last.
func available() []isa { return []isa{generic} }
