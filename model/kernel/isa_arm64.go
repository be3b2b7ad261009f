//go:build !purego

package kernel

// available lists what this machine can run, the fastest last: every arm64 processor has NEON.
func available() []isa { return []isa{generic, neon()} }

// neon is generic, but for the functions that have vectors of four.
func neon() isa {
	o := generic
	o.name, o.lanes = "neon", 4
	o.multiplyAdd, o.strip, o.bfloat16.strip = multiplyAddNEON, stripNEON, stripNEON
	o.transpose, o.copyRows, o.copyColumns = transposePanelNEON, panels6NEON, panels16NEON
	o.dot, o.axpy, o.add, o.scale, o.sumSquares = dotNEON, axpyNEON, addNEON, scaleNEON, sumSquaresNEON
	o.exp, o.softmax, o.gelu, o.geluBackward = expNEON, softmaxNEON, geluNEON, geluBackwardNEON
	o.addRows = addRowsGeneric(addNEON)
	o.softmaxRows = softmaxRowsGeneric(softmaxNEON)
	o.layerNorm, o.layerNormBackward, o.adamW = layerNormNEON, layerNormBackwardNEON, adamWNEON
	return o
}

// transposePanelNEON is transposeGeneric, but writes vectors of four: what lies between width and stride, and up to
// three elements from there on, may change.
func transposePanelNEON(dst []float32, stride int, x []float32, ldx, depth, width int) {
	whole := depth &^ 3
	if whole > 0 {
		for j := (width - 1) &^ 3; j >= 0; j -= 4 { // what reaches beyond stride is overwritten by the lower ones
			transposeNEON(dst[j:], stride, x[j*ldx:], ldx, whole, width-j)
		}
	}
	if whole < depth {
		transposeGeneric(dst[whole*stride:], stride, x[whole:], ldx, depth-whole, width)
	}
}
