package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func pairs() {
	TEXT("pairsBFloat16", NOSPLIT, "func(dst, x []float32)")
	Doc("pairsBFloat16 is pairsGeneric. The length of x is a multiple of 32.")
	from, to, n := base("x"), base("dst"), length("x")
	Label("loop")
	CMPQ(n, Imm(32))
	JL(LabelRef("done"))
	low, high, out := ZMM(), ZMM(), ZMM()
	VMOVUPS(Mem{Base: from}, low)
	VMOVUPS(Mem{Base: from, Disp: 64}, high)
	toBFloat16(low, high, out)
	VMOVUPS(out, Mem{Base: to})
	ADDQ(I32(128), from)
	ADDQ(Imm(64), to)
	SUBQ(Imm(32), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}
