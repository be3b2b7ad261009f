package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// total emits the sum of vectors, a power of two of them. It overwrites them.
func total(v []reg.VecVirtual) reg.VecVirtual {
	for n := len(v) / 2; n > 0; n /= 2 {
		for i := range n {
			VADDPS(v[i+n], v[i], v[i])
		}
	}
	return v[0]
}

// reduce combines the lanes of v by op, in all lanes: vectors with halves exchanged, then quarters, and so on.
func reduce(v reg.VecVirtual, op func(x, y, z Op)) reg.VecVirtual {
	wide, other := v.Size() == 64, YMM()
	if wide {
		other = ZMM()
		VSHUFF64X2(Imm(0x4e), v, v, other)
		op(other, v, v)
		VSHUFF64X2(Imm(0xb1), v, v, other)
	} else {
		VPERM2F128(Imm(1), v, v, other)
	}
	op(other, v, v)
	for _, exchange := range []uint64{0x4e, 0xb1} {
		VPERMILPS(Imm(exchange), v, other)
		op(other, v, v)
	}
	return v
}

func addPS(x, y, z Op) { VADDPS(x, y, z) }

func minPS(x, y, z Op) { VMINPS(x, y, z) }

func maxPS(x, y, z Op) { VMAXPS(x, y, z) }

// halves emits the lanes of x as float64, in two vectors. It overwrites x.
func halves(x reg.VecVirtual) [2]reg.VecVirtual {
	low, high := vector(), vector()
	if width == 16 {
		VCVTPS2PD(x.AsY(), low)
		VEXTRACTF64X4(Imm(1), x, x.AsY())
		VCVTPS2PD(x.AsY(), high)
	} else {
		VCVTPS2PD(x.AsX(), low)
		VEXTRACTF128(Imm(1), x, x.AsX())
		VCVTPS2PD(x.AsX(), high)
	}
	return [2]reg.VecVirtual{low, high}
}

// reducePD emits the sum of all lanes of vectors of float64, a power of two of them. It overwrites them.
func reducePD(v []reg.VecVirtual) reg.VecVirtual {
	for n := len(v) / 2; n > 0; n /= 2 {
		for i := range n {
			VADDPD(v[i+n], v[i], v[i])
		}
	}
	low, high := v[0].AsX(), XMM()
	if width == 16 {
		half := YMM()
		VEXTRACTF64X4(Imm(1), v[0], half)
		VADDPD(half, v[0].AsY(), v[0].AsY())
	}
	VEXTRACTF128(Imm(1), v[0].AsY(), high)
	VADDPD(high, low, low)
	VPERMILPD(Imm(1), low, high)
	VADDPD(high, low, low)
	return low.(reg.VecVirtual)
}
