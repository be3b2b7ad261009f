//go:build !linux

package kernel

// LargePages does nothing on this system: see pages_linux.go.
func LargePages([]float32) {}
