package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// peak emits twelve chains of multiply-adds, as many as hide the latency, on numbers that stay 1.
func peak() {
	TEXT("multiplyAddAVX2", NOSPLIT, "func(rounds int)")
	Doc("multiplyAddAVX2 does 12 fused multiply-adds of vectors of eight a round, on registers alone.")
	rounds, sums := Load(Param("rounds"), GP64()), zero(12)
	one, nothing := YMM(), YMM()
	VMOVUPS(number(1), one)
	VXORPS(nothing, nothing, nothing)
	Label("loop")
	for _, s := range sums {
		VFMADD231PS(one, nothing, s)
	}
	DECQ(rounds)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// chains is peak on vectors of 512 bits, of any kind of multiply-add.
func chains(name, doc string, multiply func(right, left, sum reg.VecVirtual)) {
	TEXT(name, NOSPLIT, "func(rounds int)")
	Doc(doc)
	rounds, nothing := Load(Param("rounds"), GP64()), ZMM()
	VPXORD(nothing, nothing, nothing)
	var sums []reg.VecVirtual
	for range 12 {
		sums = append(sums, ZMM())
		VMOVAPS(nothing, sums[len(sums)-1])
	}
	Label("loop")
	for _, s := range sums {
		multiply(nothing, nothing, s)
	}
	DECQ(rounds)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
