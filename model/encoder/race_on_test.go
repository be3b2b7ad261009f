//go:build race

package encoder

// raced tells that the race detector is on, which allocates and drops pooled memory on its own.
const raced = true
