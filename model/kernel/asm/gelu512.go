package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// each512 emits a loop over slices of one length, sixteen elements at a time: the first is written, the others are read.
func each512(slices []string, body func(x []reg.VecVirtual) reg.VecVirtual) {
	var bases []reg.Register
	for _, s := range slices {
		bases = append(bases, base(s))
	}
	n, i, ones := length(slices[0]), GP64(), GP64()
	XORQ(i, i)
	one := func(load func(m Mem, v reg.VecVirtual), store func(v reg.VecVirtual, m Mem)) {
		var x []reg.VecVirtual
		for _, b := range bases[1:] {
			x = append(x, ZMM())
			load(Mem{Base: b, Index: i, Scale: 4}, x[len(x)-1])
		}
		store(body(x), Mem{Base: bases[0], Index: i, Scale: 4})
	}
	SUBQ(Imm(16), n)
	JL(LabelRef("rest"))
	Label("whole")
	one(func(m Mem, v reg.VecVirtual) { VMOVUPS(m, v) }, func(v reg.VecVirtual, m Mem) { VMOVUPS(v, m) })
	ADDQ(Imm(16), i)
	CMPQ(i, n)
	JLE(LabelRef("whole"))
	Label("rest")
	ADDQ(Imm(16), n)
	SUBQ(i, n)
	JE(LabelRef("done"))
	MOVQ(U32(0xffff), ones)
	BZHIQ(n, ones, ones)
	mask := K()
	KMOVW(ones.As32(), mask)
	one(func(m Mem, v reg.VecVirtual) { VMOVUPS_Z(m, mask, v) }, func(v reg.VecVirtual, m Mem) { VMOVUPS(v, mask, m) })
	Label("done")
	VZEROUPPER()
	RET()
}

// normal512 emits constants, and then the distribution function of the standard normal at x, and e = e^(-x*x/2): the
// steps of normal in activation.go of package kernel, but with the reciprocal by Newton's method, and with |x| at most
// 16, from where on both are 0 or 1.
func normal512() func(x reg.VecVirtual) (distribution, e reg.VecVirtual) {
	fill := rowKinds["avx512"].fill
	size, far, one, p, half := ZMM(), fill(16), fill(1), fill(0.3275911/math.Sqrt2), fill(-0.5)
	VBROADCASTSS(bits(math.MaxInt32), size)
	var coefficients []reg.VecVirtual
	for _, c := range []float64{1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592} {
		coefficients = append(coefficients, fill(c/2))
	}
	exp := expNegative512()
	return func(x reg.VecVirtual) (distribution, e reg.VecVirtual) {
		z, d, t, y, above := ZMM(), ZMM(), ZMM(), ZMM(), K()
		VANDPS(size, x, z)
		VMINPS(z, far, z) // NaN stays
		VMOVAPS(one, d)
		VFMADD231PS(p, z, d)
		VRCP14PS(d, t)
		VFNMADD213PS(one, t, d) // 1 - d*t
		VFMADD213PS(t, t, d)    // t + t*(1 - d*t)
		VMOVAPS(coefficients[0], y)
		for _, c := range coefficients[1:] {
			VFMADD213PS(c, d, y)
		}
		VMULPS(d, y, y)
		VMULPS(z, z, z)
		VMULPS(half, z, z)
		e = exp(z)
		VMULPS(e, y, y)
		VPMOVD2M(x, above) // the sign bit of x chooses
		KNOTW(above, above)
		VSUBPS(y, one, above, y)
		return y, e
	}
}

func gelu512() {
	TEXT("geluAVX512", NOSPLIT, "func(dst, x []float32)")
	Doc("geluAVX512 is geluGeneric.")
	normal := normal512()
	each512([]string{"dst", "x"}, func(x []reg.VecVirtual) reg.VecVirtual {
		y, _ := normal(x[0])
		VMULPS(x[0], y, y)
		return y
	})
}

func geluBackward512() {
	TEXT("geluBackwardAVX512", NOSPLIT, "func(dx, x, dy []float32)")
	Doc("geluBackwardAVX512 is geluBackwardGeneric.")
	normal, density := normal512(), rowKinds["avx512"].fill(1/(math.Sqrt2*math.SqrtPi))
	each512([]string{"dx", "x", "dy"}, func(x []reg.VecVirtual) reg.VecVirtual {
		y, e := normal(x[0])
		VMULPS(density, e, e)
		VFMADD231PS(x[0], e, y)
		VMULPS(x[1], y, y)
		return y
	})
}
