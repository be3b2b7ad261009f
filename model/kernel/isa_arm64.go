//go:build !purego

package kernel

// available lists what this machine can run, the fastest last: every arm64 processor has NEON.
func available() []isa { return []isa{generic, neon()} }

// neon is generic, but for the functions that have vectors of four. The twins that are left already gain by fused
// multiplications and additions, which Go's compiler finds by itself.
func neon() isa {
	o := generic
	o.name, o.lanes = "neon", 4
	o.multiplyAdd, o.strip, o.bfloat16.strip = multiplyAddNEON, stripNEON, stripNEON
	o.dot, o.axpy, o.add, o.scale, o.sumSquares = dotNEON, axpyNEON, addNEON, scaleNEON, sumSquaresNEON
	o.exp, o.softmax, o.gelu, o.geluBackward = expNEON, softmaxNEON, geluNEON, geluBackwardNEON
	return o
}
