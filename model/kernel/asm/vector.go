package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func dot() {
	TEXT("dotAVX2", NOSPLIT, "func(x, y []float32) float32")
	Doc("dotAVX2 is dotGeneric.")
	bases, n, sums := []reg.Register{base("x"), base("y")}, length("x"), zero(4)
	each("loop", n, bases, 4, func(l lanes, u int) {
		VFMADD231PS(l.load(0), l.load(1), sums[u])
	})
	VADDPS(sums[0], sums[1], sums[0])
	VADDPS(sums[2], sums[3], sums[2])
	VADDPS(sums[0], sums[2], sums[0])
	Store(reduce(sums[0], func(x, y, z Op) { VADDPS(x, y, z) }).AsX(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func sumSquares() {
	TEXT("sumSquaresAVX2", NOSPLIT, "func(x []float32) float64")
	Doc("sumSquaresAVX2 is sumSquaresGeneric.")
	n, sums := length("x"), zero(4)
	each("loop", n, []reg.Register{base("x")}, 2, func(l lanes, u int) {
		x, low, high := l.load(0), YMM(), YMM()
		VCVTPS2PD(x.AsX(), low)
		VEXTRACTF128(Imm(1), x, x.AsX())
		VCVTPS2PD(x.AsX(), high)
		VFMADD231PD(low, low, sums[2*u])
		VFMADD231PD(high, high, sums[2*u+1])
	})
	Store(reducePD(sums), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func axpy() {
	TEXT("axpyAVX2", NOSPLIT, "func(alpha float32, x, y []float32)")
	Doc("axpyAVX2 is axpyGeneric.")
	alpha := broadcast("alpha")
	each("loop", length("x"), []reg.Register{base("x"), base("y")}, 2, func(l lanes, _ int) {
		y := l.load(1)
		VFMADD231PS(l.load(0), alpha, y)
		l.store(y, 1)
	})
	VZEROUPPER()
	RET()
}

func add() {
	TEXT("addAVX2", NOSPLIT, "func(dst, x []float32)")
	Doc("addAVX2 is addGeneric.")
	each("loop", length("x"), []reg.Register{base("dst"), base("x")}, 2, func(l lanes, _ int) {
		y := l.load(0)
		VADDPS(l.load(1), y, y)
		l.store(y, 0)
	})
	VZEROUPPER()
	RET()
}

func scale() {
	TEXT("scaleAVX2", NOSPLIT, "func(alpha float32, x []float32)")
	Doc("scaleAVX2 is scaleGeneric.")
	alpha := broadcast("alpha")
	each("loop", length("x"), []reg.Register{base("x")}, 2, func(l lanes, _ int) {
		x := l.load(0)
		VMULPS(alpha, x, x)
		l.store(x, 0)
	})
	VZEROUPPER()
	RET()
}
