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

// peak512 is peak on vectors of sixteen.
func peak512() {
	TEXT("multiplyAddAVX512", NOSPLIT, "func(rounds int)")
	Doc("multiplyAddAVX512 does 12 fused multiply-adds of vectors of sixteen a round, on registers alone.")
	rounds, nothing := Load(Param("rounds"), GP64()), ZMM()
	VPXORD(nothing, nothing, nothing)
	var sums []reg.VecVirtual
	for range 12 {
		sums = append(sums, ZMM())
		VMOVAPS(nothing, sums[len(sums)-1])
	}
	Label("loop")
	for _, s := range sums {
		VFMADD231PS(nothing, nothing, s)
	}
	DECQ(rounds)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
