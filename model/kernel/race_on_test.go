//go:build race

package kernel

// raced tells that the race detector is on, which allocates and drops pooled memory on its own.
const raced = true
