package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// conversion emits a function from slice x to slice dst, of as many elements, whole vectors of them and at least one.
func conversion(name, signature string, body func(i Mem, x, dst reg.Register)) {
	twin(name, signature)
	x, dst := base("x"), base("dst")
	row("loop", length("x"), func(i Mem) { body(i, x, dst) })
	end()
}

// words returns the place i of a slice of 16 bits an element.
func words(slice reg.Register, i Mem) Mem { return Mem{Base: slice, Index: i.Index, Scale: 2} }

func toFloat16() {
	conversion("toFloat16", "func(dst []uint16, x []float32)", func(i Mem, x, dst reg.Register) {
		v := vector()
		VMOVUPS(at(x, i), v)
		VCVTPS2PH(Imm(0), v, words(dst, i)) // to the nearest, ties to even
	})
}

func fromFloat16() {
	conversion("fromFloat16", "func(dst []float32, x []uint16)", func(i Mem, x, dst reg.Register) {
		v := vector()
		VCVTPH2PS(words(x, i), v)
		VMOVUPS(v, at(dst, i))
	})
}

func toUpperHalf() {
	conversion("toUpperHalf", "func(dst []uint16, x []float32)", func(i Mem, x, dst reg.Register) {
		v, rounded, quiet := vector(), vector(), vector()
		VMOVUPS(at(x, i), v)
		VPSRLD(Imm(16), v, rounded)
		VANDPS(bits(1), rounded, rounded)
		VPADDD(v, rounded, rounded)
		VPADDD(bits(0x7fff), rounded, rounded)
		VORPS(bits(0x400000), v, quiet)
		blend(unordered(v), quiet, rounded)
		VPSRLD(Imm(16), quiet, quiet)
		narrow(quiet, words(dst, i))
	})
}

// unordered returns the mask of the lanes of x that are NaN.
func unordered(x reg.VecVirtual) reg.Register {
	if width == 16 {
		m := K()
		VCMPPS(Imm(3), x, x, m)
		return m
	}
	m := vector()
	VCMPPS(Imm(3), x, x, m)
	return m
}

// narrow stores the lower halves of the lanes of x, whose upper halves are 0. It overwrites x.
func narrow(x reg.VecVirtual, to Mem) {
	if width == 16 {
		VPMOVDW(x, to)
		return
	}
	high := XMM()
	VEXTRACTF128(Imm(1), x, high)
	VPACKUSDW(high, x.AsX(), high)
	VMOVUPS(high, to)
}

func fromUpperHalf() {
	conversion("fromUpperHalf", "func(dst []float32, x []uint16)", func(i Mem, x, dst reg.Register) {
		v := vector()
		VPMOVZXWD(words(x, i), v)
		VPSLLD(Imm(16), v, v)
		VMOVUPS(v, at(dst, i))
	})
}
