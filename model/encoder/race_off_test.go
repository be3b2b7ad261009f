//go:build !race

package encoder

const raced = false
