package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// width is the number of float32 elements of a vector: 8 in registers Y, with masks in such registers as well, or 16 in
// registers Z, with masks in registers K.
var width = 8

// vector returns a register for a vector.
func vector() reg.VecVirtual {
	if width == 16 {
		return ZMM()
	}
	return YMM()
}

// twin begins the function that does what the one in Go, called name + "Generic", does.
func twin(name, signature string) {
	suffix := "AVX2"
	if width == 16 {
		suffix = "AVX512"
	}
	TEXT(name+suffix, NOSPLIT, signature)
	Doc(name + suffix + " is " + name + "Generic.")
}

// end returns from a function.
func end() {
	VZEROUPPER()
	RET()
}

// lanes is the place in the slices where a loop body works: one vector, or the fewer elements that are left, of which
// mask tells.
type lanes struct {
	bases []reg.Register
	disp  int
	mask  reg.Register // nil for all lanes
}

func (l lanes) address(i int) Mem { return Mem{Base: l.bases[i], Disp: l.disp} }

// load returns the elements of slice i. Lanes beyond its end are 0.
func (l lanes) load(i int) reg.VecVirtual {
	v := vector()
	switch {
	case l.mask == nil:
		VMOVUPS(l.address(i), v)
	case width == 16:
		VMOVUPS_Z(l.address(i), l.mask, v)
	default:
		VMASKMOVPS(l.address(i), l.mask, v)
	}
	return v
}

// store writes v to slice i, nothing beyond its end.
func (l lanes) store(v reg.VecVirtual, i int) {
	switch {
	case l.mask == nil:
		VMOVUPS(v, l.address(i))
	case width == 16:
		VMOVUPS(v, l.mask, l.address(i))
	default:
		VMASKMOVPS(v, l.mask, l.address(i))
	}
}

// notBelow returns the bits of the lanes of v, within the end, that are not below least.
func (l lanes) notBelow(v, least reg.VecVirtual) reg.Register {
	const atLeast = 0x1d // false for NaN
	bits := GP32()
	if width == 8 {
		VCMPPS(Imm(atLeast), least, v, v)
		l.keep(v)
		VMOVMSKPS(v, bits)
		return bits
	}
	m := K()
	if l.mask == nil {
		VCMPPS(Imm(atLeast), least, v, m)
	} else {
		VCMPPS(Imm(atLeast), least, v, l.mask, m)
	}
	KMOVW(m, bits)
	return bits
}

// keep clears the lanes of v beyond the end.
func (l lanes) keep(v reg.VecVirtual) {
	switch {
	case l.mask == nil:
	case width == 16:
		VMOVAPS_Z(v, l.mask, v)
	default:
		VANDPS(l.mask, v, v)
	}
}

// fill replaces the lanes of v beyond the end by those of filler.
func (l lanes) fill(v, filler reg.VecVirtual) {
	if l.mask != nil {
		blend(l.mask, v, filler)
	}
}

// blend replaces the lanes of v that m does not have by those of filler.
func blend(m reg.Register, v, filler reg.VecVirtual) {
	if width == 16 {
		VBLENDMPS(v, filler, m, v)
	} else {
		VBLENDVPS(m, v, filler, v)
	}
}

// each emits a loop over n elements of slices that start at bases. body is emitted for several vectors at once, with
// u counting them, so that it can spread sums over as many registers; then for one; then for the rest. The registers
// are overwritten.
func each(name string, n reg.Register, bases []reg.Register, several int, body func(l lanes, u int)) {
	if several > 1 {
		whole(name+"Several", n, bases, several, body)
	}
	whole(name, n, bases, 1, body)
	done := name + "Done"
	TESTQ(n, n)
	JE(LabelRef(done))
	body(lanes{bases: bases, mask: first(n.(reg.GPVirtual))}, 0)
	Label(done)
}

// whole emits the part of each that takes as many vectors at a time.
func whole(name string, n reg.Register, bases []reg.Register, vectors int, body func(l lanes, u int)) {
	elements, end := U32(uint32(width*vectors)), name+"End"
	SUBQ(elements, n)
	JL(LabelRef(end))
	Label(name)
	for u := range vectors {
		body(lanes{bases: bases, disp: 4 * width * u}, u)
	}
	for _, b := range bases {
		ADDQ(U32(uint32(4*width*vectors)), b)
	}
	SUBQ(elements, n)
	JGE(LabelRef(name))
	Label(end)
	ADDQ(elements, n)
}

// first returns the mask of the first n lanes. It overwrites n.
func first(n reg.GPVirtual) reg.Register {
	if width == 16 {
		return mask512(n)
	}
	return mask(n)
}

// base loads the start of a slice parameter.
func base(name string) reg.Register { return Load(Param(name).Base(), GP64()) }

// length loads the length of a slice parameter.
func length(name string) reg.Register { return Load(Param(name).Len(), GP64()) }

// broadcast loads a float32 parameter into all lanes.
func broadcast(name string) reg.VecVirtual {
	v := vector()
	VBROADCASTSS(parameter(name), v)
	return v
}

// zero returns n vectors of zeros.
func zero(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = vector()
		VXORPS(v[i], v[i], v[i])
	}
	return v
}
