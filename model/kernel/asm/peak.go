package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
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
