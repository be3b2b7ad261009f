// Command asm writes the assembly of package kernel, one file a set of instructions: `go generate` there runs it.
// Each function computes what its twin in Go does; the twin's comment says what.
package main

import (
	"flag"

	. "github.com/mmcloughlin/avo/build"
)

var set = flag.String("set", "avx2", "the instructions to use: avx2 or avx512")

func main() {
	flag.Parse()
	ConstraintExpr("amd64,!purego")
	switch *set {
	case "avx2":
		avx2()
	case "avx512":
		avx512()
	}
	Generate()
}

// avx512 emits functions on vectors of sixteen, with masks in registers of their own.
func avx512() {
	peak512()
	strip512()
	panels(rows512, "AVX512")
	panels(columns512, "AVX512")
}

// avx2 emits functions on vectors of eight.
func avx2() {
	peak()
	strip()
	transpose()
	panels(panelRows, "AVX2")
	panels(panelColumns, "AVX2")
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
}
