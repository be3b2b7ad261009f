package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// chains emits twelve chains of multiply-adds, as many as hide the latency, on vectors of zeros.
func chains(name, doc string, vector func() reg.VecVirtual, multiply func(right, left, sum reg.VecVirtual)) {
	TEXT(name, NOSPLIT, "func(rounds int)")
	Doc(doc)
	rounds, nothing := Load(Param("rounds"), GP64()), vector()
	VXORPS(nothing, nothing, nothing)
	var sums []reg.VecVirtual
	for range 12 {
		sums = append(sums, vector())
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
