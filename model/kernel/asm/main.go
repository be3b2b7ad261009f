// Command asm writes the AVX2 functions of package kernel: `go generate` there runs it. Each function computes what
// its twin in Go does, in vectors of eight; the twin's comment says what.
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("amd64,!purego")
	peak()
	strip()
	transpose()
	panels(panelRows)
	panels(panelColumns)
	dot()
	axpy()
	add()
	scale()
	sumSquares()
	exponential()
	softmax()
	gelu()
	geluBackward()
	layerNorm()
	layerNormBackward()
	adamW()
	Generate()
}
