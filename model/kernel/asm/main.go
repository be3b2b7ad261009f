// Command asm writes the amd64 assembly of package kernel, one file a set of instructions, as command neon beside it
// writes arm64's: `go generate` there runs both. Each function computes what its twin in Go does; the twin's comment
// says what.
package main

import (
	"flag"
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/reg"
)

var set = flag.String("set", "avx2", "the instructions to use: avx2, avx512, avx512_vnni or avx512_bf16")

func main() {
	flag.Parse()
	ConstraintExpr("amd64,!purego")
	switch *set {
	case "avx2":
		avx2()
	case "avx512":
		avx512()
	case "avx512_vnni":
		vnni()
	case "avx512_bf16":
		bfloat16()
	}
	pass.Compile = pass.Concat(pass.Compile, pass.InstructionPass(encode), pass.InstructionPass(checkRegisters))
	Generate()
}

// checkRegisters fails where AVX2 has been given a register of AVX-512, which avo does when it has no other left.
func checkRegisters(i *ir.Instruction) error {
	for _, r := range i.Registers() {
		if p, physical := r.(reg.Physical); physical && *set == "avx2" && r.Kind() == reg.KindVector && p.PhysicalIndex() > 15 {
			return fmt.Errorf("%s uses register %s", i.Opcode, r.Asm())
		}
	}
	return nil
}

// avx512 emits functions on vectors of sixteen, with masks in registers of their own.
func avx512() {
	width = 16
	chains("multiplyAddAVX512", "multiplyAddAVX512 does 12 fused multiply-adds of vectors of sixteen a round, on registers alone.",
		ZMM, func(right, left, sum reg.VecVirtual) { VFMADD231PS(right, left, sum) })
	strip512("stripAVX512", "stripAVX512 is stripGeneric, with fused multiplications and additions and a tile of 14 by 32.",
		func(right, left, sum reg.VecVirtual) { VFMADD231PS(right, left, sum) })
	stripInt512("stripInt8AVX512", "stripInt8AVX512 is stripInt8Generic for two integers a unit, with a tile of 14 by 32.", dotInt16)
	rotateAVX512()
	panels(rows512, "AVX512")
	panels(columns512, "AVX512")
	elementwise()
}

// vnni emits what products of bytes need in addition.
func vnni() {
	stripInt512("stripInt8VNNI", "stripInt8VNNI is stripInt8Generic for four integers a unit, with a tile of 14 by 32.",
		func(right, left, sum reg.VecVirtual) { VPDPBUSD(right, left, sum) })
	quantizeVNNI()
	chains("multiplyAddInt8", "multiplyAddInt8 is multiplyAddAVX512 on products of bytes.",
		ZMM, func(right, left, sum reg.VecVirtual) { VPDPBUSD(right, left, sum) })
}

// bfloat16 emits what products of bfloat16 need in addition.
func bfloat16() {
	strip512("stripBFloat16", "stripBFloat16 is stripGeneric for units of two bfloat16, with a tile of 14 by 32.", dotBFloat16)
	pairs()
	order := interleaved()
	pairPanels(rows512, order)
	pairPanels(columns512, order)
	chains("multiplyAddBFloat16", "multiplyAddBFloat16 is multiplyAddAVX512 on pairs of bfloat16.", ZMM, dotBFloat16)
}

// avx2 emits functions on vectors of eight.
func avx2() {
	chains("multiplyAddAVX2", "multiplyAddAVX2 does 12 fused multiply-adds of vectors of eight a round, on registers alone.",
		YMM, func(right, left, sum reg.VecVirtual) { VFMADD231PS(right, left, sum) })
	strip()
	stripInt8()
	rotateAVX2()
	quantizeAVX2()
	transpose()
	panels(panelRows, "AVX2")
	panels(panelColumns, "AVX2")
	elementwise()
	adamW() // bound by roots and quotients, which take twice as long on vectors of sixteen
}

// elementwise emits what works on vectors of any width.
func elementwise() {
	dot()
	axpy()
	add()
	addRows()
	atLeast()
	rounding()
	scale()
	sumSquares()
	exponential()
	softmax()
	softmaxRows()
	softmaxBackwardRows()
	transport()
	gelu()
	geluBackward()
	layerNorm()
	layerNormBackward()
	toFloat16()
	fromFloat16()
	toUpperHalf()
	fromUpperHalf()
}
