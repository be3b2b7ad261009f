package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// panels emits the copy of rows of a matrix into panels that are width elements wide, at least 4.
func panels(width int, isa string) {
	name := fmt.Sprintf("panels%d%s", width, isa)
	TEXT(name, NOSPLIT, "func(dst []float32, panel int, x []float32, ldx, depth, count int)")
	Doc(fmt.Sprintf("%s is panelsGeneric for panels %d wide. depth and count are at least 1.", name, width))
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
	vector, length := XMM, 4
	if width >= 8 {
		vector, length = YMM, 8
	}
	PREFETCHT0(Mem{Base: from, Index: ldx, Scale: 8}) // no hardware sees that whole rows lie between
	var parts []reg.VecVirtual
	for j := 0; j < width; j += length {
		v := vector()
		VMOVUPS(Mem{Base: from, Disp: 4 * min(j, width-length)}, v)
		parts = append(parts, v)
	}
	for i, v := range parts { // the last may overlap with the one before
		VMOVUPS(v, Mem{Base: to, Disp: 4 * min(i*length, width-length)})
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
