package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lanes is the place in the slices where a loop body works: one vector of eight elements, or the fewer that are left,
// of which mask tells.
type lanes struct {
	bases []reg.Register
	disp  int
	mask  reg.VecVirtual // nil for all eight
}

// load returns the elements of slice i. Lanes beyond its end are 0.
func (l lanes) load(i int) reg.VecVirtual {
	v := YMM()
	if l.mask == nil {
		VMOVUPS(Mem{Base: l.bases[i], Disp: l.disp}, v)
	} else {
		VMASKMOVPS(Mem{Base: l.bases[i], Disp: l.disp}, l.mask, v)
	}
	return v
}

// store writes v to slice i, nothing beyond its end.
func (l lanes) store(v reg.VecVirtual, i int) {
	if l.mask == nil {
		VMOVUPS(v, Mem{Base: l.bases[i], Disp: l.disp})
	} else {
		VMASKMOVPS(v, l.mask, Mem{Base: l.bases[i], Disp: l.disp})
	}
}

// keep clears the lanes of v beyond the end.
func (l lanes) keep(v reg.VecVirtual) {
	if l.mask != nil {
		VANDPS(l.mask, v, v)
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
	body(lanes{bases: bases, mask: mask(n.(reg.GPVirtual))}, 0)
	Label(done)
}

// whole emits the part of each that takes as many vectors at a time.
func whole(name string, n reg.Register, bases []reg.Register, vectors int, body func(l lanes, u int)) {
	end := name + "End"
	Label(name)
	CMPQ(n, Imm(uint64(8*vectors)))
	JL(LabelRef(end))
	for u := range vectors {
		body(lanes{bases: bases, disp: 32 * u}, u)
	}
	for _, b := range bases {
		ADDQ(I32(int32(32*vectors)), b)
	}
	SUBQ(Imm(uint64(8*vectors)), n)
	JMP(LabelRef(name))
	Label(end)
}

// base loads the start of a slice parameter.
func base(name string) reg.Register { return Load(Param(name).Base(), GP64()) }

// length loads the length of a slice parameter.
func length(name string) reg.Register { return Load(Param(name).Len(), GP64()) }

// broadcast loads a float32 parameter into all lanes.
func broadcast(name string) reg.VecVirtual {
	address, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	v := YMM()
	VBROADCASTSS(address.Addr, v)
	return v
}

// zero returns n vectors of zeros.
func zero(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = YMM()
		VXORPS(v[i], v[i], v[i])
	}
	return v
}

// reduce combines the eight lanes of v by op into the first lane of the result.
func reduce(v reg.VecVirtual, op func(x, y, z Op)) reg.VecVirtual {
	high := XMM()
	low := v.AsX()
	VEXTRACTF128(Imm(1), v, high)
	op(high, low, low)
	VMOVHLPS(low, high, high)
	op(high, low, low)
	VMOVSHDUP(low, high)
	op(high, low, low)
	return v
}

// reducePD adds up pairs of vectors of four float64. It overwrites them.
func reducePD(v []reg.VecVirtual) reg.VecVirtual {
	for n := len(v); n > 1; n /= 2 {
		for i := range n / 2 {
			VADDPD(v[i+n/2], v[i], v[i])
		}
	}
	low, high := v[0].AsX(), XMM()
	VEXTRACTF128(Imm(1), v[0], high)
	VADDPD(high, low, low)
	VPERMILPD(Imm(1), low, high)
	VADDPD(high, low, low)
	return low.(reg.VecVirtual)
}
