package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
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

// interleaved returns the order that takes from 32 words the first, the seventeenth, the second, the eighteenth, and so on.
func interleaved() Mem {
	table := GLOBL("interleaved", RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(uint32(i|(i+16)<<16)))
	}
	return table
}

// pairPanels emits the copy of pairs of rows of a matrix into panels that are width units wide.
func pairPanels(width int, table Mem) {
	name := fmt.Sprintf("pairs%dBFloat16", width)
	TEXT(name, NOSPLIT, "func(dst []float32, panel int, x []float32, ldx, pairs, count, columns int)")
	Doc(fmt.Sprintf("%s is pairPanelsGeneric for panels %d wide. pairs and count are at least 1.", name, width))
	dst, x, pairs := base("dst"), base("x"), Load(Param("pairs"), GP64())
	panel, ldx, selection := bytes("panel"), bytes("ldx"), ZMM()
	VMOVUPS(table, selection)
	ones := GP64()
	MOVQ(I64(math.MaxUint32), ones)
	BZHIQ(Load(Param("columns"), GP64()), ones, ones)
	masks := []reg.OpmaskVirtual{K(), K()}
	KMOVW(ones.As32(), masks[0])
	SHRQ(Imm(16), ones)
	KMOVW(ones.As32(), masks[1])
	to, from, next, count := GP64(), GP64(), GP64(), GP64()
	Label("row")
	MOVQ(dst, to)
	MOVQ(x, from)
	LEAQ(Mem{Base: x, Index: ldx, Scale: 1}, next)
	Load(Param("count"), count)
	Label("panel")
	for v := range (width + 15) / 16 {
		low, high, out := ZMM(), ZMM(), ZMM()
		VMOVUPS_Z(Mem{Base: from, Disp: 64 * v}, masks[v], low)
		VMOVUPS_Z(Mem{Base: next, Disp: 64 * v}, masks[v], high)
		toBFloat16(low, high, out)
		VPERMW(out, selection, out)
		VMOVUPS(out, masks[v], Mem{Base: to, Disp: 64 * v})
	}
	ADDQ(U32(uint32(4*width)), from)
	ADDQ(U32(uint32(4*width)), next)
	ADDQ(panel, to)
	DECQ(count)
	JNE(LabelRef("panel"))
	ADDQ(U32(uint32(4*width)), dst)
	LEAQ(Mem{Base: x, Index: ldx, Scale: 2}, x)
	DECQ(pairs)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}
