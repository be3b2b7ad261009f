package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpose emits the transpose of eight rows, eight columns at a time. A row at or beyond width is read as the last
// one is.
func transpose() {
	TEXT("transposeAVX2", NOSPLIT, "func(dst []float32, stride int, x []float32, ldx, depth, width int)")
	Doc("transposeAVX2 computes dst[p*stride+j] = x[min(j, width-1)*ldx+p] for p < depth and then j < 8: where stride is",
		"less than 8, the next p overwrites. depth is a multiple of 8 and width is at least 1.")
	dst, depth := base("dst"), Load(Param("depth"), GP64())
	ldx, width := Load(Param("ldx"), GP64()), Load(Param("width"), GP64())
	stride := Load(Param("stride"), GP64())
	SHLQ(Imm(2), ldx)
	SHLQ(Imm(2), stride)
	rows := []reg.Register{base("x")}
	for i := 1; i < 8; i++ {
		row, next := GP64(), GP64()
		MOVQ(rows[i-1], row)
		LEAQ(Mem{Base: row, Index: ldx, Scale: 1}, next)
		CMPQ(width, Imm(uint64(i)))
		CMOVQGT(next, row)
		rows = append(rows, row)
	}
	Label("loop")
	CMPQ(depth, Imm(8))
	JL(LabelRef("done"))
	var v []reg.VecVirtual
	for _, row := range rows {
		y := YMM()
		VMOVUPS(Mem{Base: row}, y)
		ADDQ(Imm(32), row)
		v = append(v, y)
	}
	for _, y := range transposed(v) {
		VMOVUPS(y, Mem{Base: dst})
		ADDQ(stride, dst)
	}
	SUBQ(Imm(8), depth)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// transposed emits the transpose of an 8 by 8 matrix: pairs of rows, then pairs of pairs, then the two halves.
func transposed(rows []reg.VecVirtual) []reg.VecVirtual {
	combine := func(op func(y, x, out reg.VecVirtual), x, y reg.VecVirtual) reg.VecVirtual {
		out := YMM()
		op(y, x, out)
		return out
	}
	low := func(y, x, out reg.VecVirtual) { VUNPCKLPS(y, x, out) }
	high := func(y, x, out reg.VecVirtual) { VUNPCKHPS(y, x, out) }
	first := func(y, x, out reg.VecVirtual) { VSHUFPS(Imm(0x44), y, x, out) }
	second := func(y, x, out reg.VecVirtual) { VSHUFPS(Imm(0xee), y, x, out) }
	lower := func(y, x, out reg.VecVirtual) { VPERM2F128(Imm(0x20), y, x, out) }
	upper := func(y, x, out reg.VecVirtual) { VPERM2F128(Imm(0x31), y, x, out) }

	var pairs, quads [8]reg.VecVirtual
	for i := 0; i < 8; i += 2 {
		pairs[i], pairs[i+1] = combine(low, rows[i], rows[i+1]), combine(high, rows[i], rows[i+1])
	}
	for i := 0; i < 8; i += 4 {
		quads[i], quads[i+1] = combine(first, pairs[i], pairs[i+2]), combine(second, pairs[i], pairs[i+2])
		quads[i+2], quads[i+3] = combine(first, pairs[i+1], pairs[i+3]), combine(second, pairs[i+1], pairs[i+3])
	}
	out := make([]reg.VecVirtual, 8)
	for i := range 4 {
		out[i], out[i+4] = combine(lower, quads[i], quads[i+4]), combine(upper, quads[i], quads[i+4])
	}
	return out
}
