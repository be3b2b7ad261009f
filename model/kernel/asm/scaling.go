package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transport emits what solves transport problems.
func transport() {
	sinkhorn()
	gibbs()
	plan()
	rowMinima()
	columnMinima()
}

// sinkhorn emits iterations that read the kernel matrix once each: a block of as many rows as a vector has lanes is
// multiplied by v, the sums become scalings of those rows, and the block, which is in the cache, is added up with them.
func sinkhorn() {
	twin("sinkhorn", "func(n, relax, rows, ld int, k, a, b, u, v, sums, progress []float32)")
	ld, ld3, relax := bytes("ld"), GP64(), Load(Param("relax"), GP64())
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	s := &scaler{relax: relax, absolute: bits(0x7fffffff), one: number(1)}
	Label("iteration")
	s.rowError, s.columnError, s.high, s.low = vector(), vector(), vector(), vector()
	for _, v := range []reg.VecVirtual{s.rowError, s.columnError, s.high} {
		VXORPS(v, v, v)
	}
	VMOVUPS(number(math.MaxFloat32), s.low)
	sums, left, nothing := base("sums"), length("sums"), vector()
	VXORPS(nothing, nothing, nothing)
	whole("clear", left, []reg.Register{sums}, 1, func(l lanes, _ int) { l.store(nothing, 0) })

	k, a, u := base("k"), base("a"), base("u")
	rows := Load(Param("rows"), GP64())
	for block := width; block >= 8; block /= 2 {
		name := fmt.Sprintf("rows%d", block)
		CMPQ(rows, Imm(uint64(block)))
		JL(LabelRef(name + "Done"))
		Label(name)
		pointers := rowPointers(k, ld, block)
		sum := rowSums(name, pointers, ld, ld3, block)
		s.update(name, sum, Mem{Base: a}, Mem{Base: u}, s.rowError)
		pointers = rowPointers(k, ld, block)
		addScaled(name, pointers, ld, ld3, u, block)
		LEAQ(Mem{Base: pointers[len(pointers)-1], Index: ld3, Scale: 1}, k) // the pointers have walked one row
		ADDQ(U32(uint32(4*block)), a)
		ADDQ(U32(uint32(4*block)), u)
		SUBQ(Imm(uint64(block)), rows)
		CMPQ(rows, Imm(uint64(block)))
		JGE(LabelRef(name))
		Label(name + "Done")
	}
	bases := []reg.Register{base("sums"), base("b"), base("v")}
	whole("columns", length("sums"), bases, 1, func(l lanes, _ int) {
		s.update("columns", l.load(0), l.address(1), l.address(2), s.columnError)
	})
	DECQ(parameter("n"))
	JNE(LabelRef("iteration"))
	progress := base("progress")
	for i, v := range []reg.VecVirtual{reduce(s.rowError, addPS), reduce(s.columnError, addPS), reduce(s.low, minPS), reduce(s.high, maxPS)} {
		VMOVSS(v.AsX(), Mem{Base: progress, Disp: 4 * i})
	}
	end()
}

// rowPointers returns the addresses of rows 0, 4, 8 and 12 from k on, as many as there are in a block.
func rowPointers(k, ld reg.Register, block int) []reg.Register {
	first := GP64()
	MOVQ(k, first)
	pointers := []reg.Register{first}
	for i := 1; i < block/4; i++ {
		next := GP64()
		LEAQ(Mem{Base: pointers[i-1], Index: ld, Scale: 4}, next)
		pointers = append(pointers, next)
	}
	return pointers
}

// inRow is where the vector of row i of a block is.
func inRow(pointers []reg.Register, ld, ld3 reg.Register, i int) Mem {
	m := Mem{Base: pointers[i/4], Index: ld, Scale: 1}
	switch i % 4 {
	case 0:
		m.Index, m.Scale = nil, 0
	case 2:
		m.Scale = 2
	case 3:
		m.Index = ld3
	}
	return m
}

// rowSums emits the products of the rows of a block with v, one a lane. It moves the pointers to the rows' end.
func rowSums(name string, pointers []reg.Register, ld, ld3 reg.Register, block int) reg.VecVirtual {
	sums, v, left := zero(block), base("v"), length("sums")
	whole(name+"Multiply", left, append([]reg.Register{v}, pointers...), 1, func(l lanes, _ int) {
		x := l.load(0)
		for i, s := range sums {
			VFMADD231PS(inRow(pointers, ld, ld3, i), x, s)
		}
	})
	return transposedSums(sums)
}

// transposedSums emits the sum of the lanes of each of 8 or 16 vectors, one a lane, in order. It overwrites them.
func transposedSums(v []reg.VecVirtual) reg.VecVirtual {
	other := vector()
	for i := 0; i < len(v); i += 2 {
		VUNPCKLPS(v[i+1], v[i], other)
		VUNPCKHPS(v[i+1], v[i], v[i])
		VADDPS(other, v[i], v[i]) // by quarters: x0+x2 y0+y2 x1+x3 y1+y3
	}
	for i := 0; i < len(v); i += 4 {
		VUNPCKLPD(v[i+2], v[i], other)
		VUNPCKHPD(v[i+2], v[i], v[i])
		VADDPS(other, v[i], v[i]) // by quarters: the sums of four vectors there
	}
	if width == 8 {
		VPERM2F128(Imm(0x20), v[4], v[0], other)
		VPERM2F128(Imm(0x31), v[4], v[0], v[0])
		VADDPS(other, v[0], v[0])
		return v[0]
	}
	for i := 0; i < len(v); i += 8 {
		VSHUFF32X4(Imm(0x44), v[i+4], v[i], other)
		VSHUFF32X4(Imm(0xee), v[i+4], v[i], v[i])
		VADDPS(other, v[i], v[i])
	}
	last := v[len(v)-8] // of eight vectors alone, twice
	VSHUFF32X4(Imm(0x88), last, v[0], other)
	VSHUFF32X4(Imm(0xdd), last, v[0], v[0])
	VADDPS(other, v[0], v[0])
	return v[0]
}

// addScaled emits sums += the rows of a block, each times its scaling. It moves the pointers to the rows' end.
func addScaled(name string, pointers []reg.Register, ld, ld3, u reg.Register, block int) {
	scalings := make([]reg.VecVirtual, block)
	for i := range scalings {
		scalings[i] = vector()
		VBROADCASTSS(Mem{Base: u, Disp: 4 * i}, scalings[i])
	}
	sums, left := base("sums"), length("sums")
	whole(name+"Add", left, append([]reg.Register{sums}, pointers...), 1, func(l lanes, _ int) {
		even, odd := l.load(0), vector()
		VMULPS(inRow(pointers, ld, ld3, 1), scalings[1], odd)
		for i, x := range scalings {
			if i%2 == 0 {
				VFMADD231PS(inRow(pointers, ld, ld3, i), x, even)
			} else if i > 1 {
				VFMADD231PS(inRow(pointers, ld, ld3, i), x, odd)
			}
		}
		VADDPS(odd, even, even)
		l.store(even, 0)
	})
}

// A scaler holds what is kept in registers over an iteration.
type scaler struct {
	relax                            reg.Register
	absolute, one                    Mem
	rowError, columnError, low, high reg.VecVirtual
}

// update emits scaled and distance for a vector of sums.
func (s *scaler) update(name string, sum reg.VecVirtual, mass, scaling Mem, off reg.VecVirtual) {
	m, x, product, nothing := vector(), vector(), vector(), vector()
	VMOVUPS(mass, m)
	VMOVUPS(scaling, x)
	VMULPS(sum, x, product)
	difference := nothing
	VSUBPS(m, product, difference)
	VANDPS(s.absolute, difference, difference)
	VADDPS(difference, off, off)
	y := sum
	TESTQ(s.relax, s.relax)
	JNE(LabelRef(name + "Relax"))
	VDIVPS(sum, m, y)
	JMP(LabelRef(name + "Scaled"))
	Label(name + "Relax")
	VDIVPS(product, m, y)
	VMULPS(y, x, x)
	root := product
	VMOVAPS(y, root)
	VMOVAPS(x, y)
	for bit := 2; bit >= 0; bit-- { // the 2nd, the 4th, the 8th root
		skip := fmt.Sprintf("%sSkip%d", name, bit)
		VSQRTPS(root, root)
		BTQ(Imm(uint64(bit)), s.relax)
		JCC(LabelRef(skip))
		VMULPS(root, y, y)
		Label(skip)
		if bit > 0 {
			TESTQ(U32(uint32(1<<bit-1)), s.relax)
			JE(LabelRef(name + "Scaled"))
		}
	}
	Label(name + "Scaled")
	VXORPS(nothing, nothing, nothing)
	massive := lanes{mask: compare(greater, m, nothing)}
	massive.keep(y)
	VMOVUPS(y, scaling)
	VMAXPS(y, s.high, s.high)
	massive.fill(y, s.low)
	VMINPS(y, s.low, s.low)
}

// The comparisons of VCMPPS in use. A NaN is not less and not greater.
const notLess, greater = 0x15, 0x1e

// compare returns the mask of the lanes where x compares to y so.
func compare(how uint64, x reg.VecVirtual, y Op) reg.Register {
	if width == 16 {
		m := K()
		VCMPPS(Imm(how), y, x, m)
		return m
	}
	m := vector()
	VCMPPS(Imm(how), y, x, m)
	return m
}
