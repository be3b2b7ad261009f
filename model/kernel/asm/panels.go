package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// panels emits the copy of rows of a matrix into panels that are width elements wide, 6 or 16.
func panels(width int) {
	name := fmt.Sprintf("panels%d", width)
	TEXT(name+"AVX2", NOSPLIT, "func(dst []float32, panel int, x []float32, ldx, depth, count int)")
	Doc(fmt.Sprintf("%sAVX2 is panelsGeneric for panels %d wide. depth and count are at least 1.", name, width))
	dst, x, depth := base("dst"), base("x"), Load(Param("depth"), GP64())
	panel, ldx := Load(Param("panel"), GP64()), Load(Param("ldx"), GP64())
	SHLQ(Imm(2), panel)
	SHLQ(Imm(2), ldx)
	to, from, count := GP64(), GP64(), GP64()
	Label("row")
	MOVQ(dst, to)
	MOVQ(x, from)
	Load(Param("count"), count)
	Label("panel")
	first, second := YMM(), YMM()
	if width == 16 {
		VMOVUPS(Mem{Base: from}, first)
		VMOVUPS(Mem{Base: from, Disp: 32}, second)
		VMOVUPS(first, Mem{Base: to})
		VMOVUPS(second, Mem{Base: to, Disp: 32})
	} else {
		VMOVUPS(Mem{Base: from}, first.AsX())
		VMOVSD(Mem{Base: from, Disp: 16}, second.AsX())
		VMOVUPS(first.AsX(), Mem{Base: to})
		VMOVSD(second.AsX(), Mem{Base: to, Disp: 16})
	}
	bytes := U32(uint32(4 * width))
	ADDQ(bytes, from)
	ADDQ(panel, to)
	DECQ(count)
	JNE(LabelRef("panel"))
	ADDQ(bytes, dst)
	ADDQ(ldx, x)
	DECQ(depth)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}
