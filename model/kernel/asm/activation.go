package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// exp emits y = e^x, the steps of exp in activation.go. It overwrites x.
func exp(x reg.VecVirtual) reg.VecVirtual {
	const high = 355.0 / 512
	n, half, y := YMM(), YMM(), YMM()
	// MINPS and MAXPS return their second operand, Go's first, where one is NaN.
	VMOVUPS(number(130), y)
	VMINPS(x, y, x)
	VMOVUPS(number(-150), y)
	VMAXPS(x, y, x)
	VMULPS(number(math.Log2E), x, n)
	VROUNDPS(Imm(0), n, n)
	VFNMADD231PS(number(high), n, x)
	VFNMADD231PS(number(math.Ln2-high), n, x)
	VMOVUPS(number(1.0/5040), y)
	for _, c := range []float64{720, 120, 24, 6, 2, 1, 1} {
		VFMADD213PS(number(1/c), x, y)
	}
	VCVTPS2DQ(n, n)
	VPSRAD(Imm(1), n, half)
	VPSUBD(half, n, n)
	for _, power := range []reg.VecVirtual{half, n} {
		VPADDD(bits(127), power, power)
		VPSLLD(Imm(23), power, power)
		VMULPS(power, y, y)
	}
	return y
}

// normal emits the distribution function of the standard normal at x, and e = e^(-x*x/2): the steps of normal in
// activation.go.
func normal(x reg.VecVirtual) (distribution, e reg.VecVirtual) {
	z, t, y := YMM(), YMM(), YMM()
	VANDPS(bits(math.MaxInt32), x, z)
	VMOVUPS(number(1), y)
	VMOVAPS(y, t)
	VFMADD231PS(number(0.3275911/math.Sqrt2), z, t)
	VDIVPS(t, y, t)
	VMOVUPS(number(1.061405429/2), y)
	for _, c := range []float64{-1.453152027, 1.421413741, -0.284496736, 0.254829592} {
		VFMADD213PS(number(c/2), t, y)
	}
	VMULPS(t, y, y)
	VMULPS(z, z, z)
	VMULPS(number(-0.5), z, z)
	e = exp(z)
	VMULPS(e, y, y)
	VMOVUPS(number(1), t)
	VSUBPS(y, t, t)
	VBLENDVPS(x, y, t, t) // the sign bit of x chooses
	return t, e
}

func exponential() {
	TEXT("expAVX2", NOSPLIT, "func(dst, x []float32)")
	Doc("expAVX2 is expGeneric.")
	each("loop", length("x"), []reg.Register{base("dst"), base("x")}, 1, func(l lanes, _ int) {
		l.store(exp(l.load(1)), 0)
	})
	VZEROUPPER()
	RET()
}

func softmax() {
	TEXT("softmaxAVX2", NOSPLIT, "func(x []float32)")
	Doc("softmaxAVX2 is softmaxGeneric.")
	largest, sum := YMM(), zero(1)[0]
	lowest := bits(math.Float32bits(float32(math.Inf(-1))))
	VMOVUPS(lowest, largest)
	each("maximum", length("x"), []reg.Register{base("x")}, 1, func(l lanes, _ int) {
		x := l.load(0)
		if l.mask != nil {
			beyond := YMM()
			VMOVUPS(lowest, beyond)
			VBLENDVPS(l.mask, x, beyond, x)
		}
		VMAXPS(largest, x, largest) // a NaN in x leaves largest
	})
	reduce(largest, func(x, y, z Op) { VMAXPS(x, y, z) })
	VBROADCASTSS(largest.AsX(), largest)
	each("exp", length("x"), []reg.Register{base("x")}, 1, func(l lanes, _ int) {
		x := l.load(0)
		VSUBPS(largest, x, x)
		y := exp(x)
		l.keep(y)
		VADDPS(y, sum, sum)
		l.store(y, 0)
	})
	reduce(sum, func(x, y, z Op) { VADDPS(x, y, z) })
	one := YMM()
	VMOVUPS(number(1), one)
	VDIVSS(sum.AsX(), one.AsX(), sum.AsX())
	VBROADCASTSS(sum.AsX(), sum)
	each("scale", length("x"), []reg.Register{base("x")}, 1, func(l lanes, _ int) {
		x := l.load(0)
		VMULPS(sum, x, x)
		l.store(x, 0)
	})
	VZEROUPPER()
	RET()
}

func gelu() {
	TEXT("geluAVX2", NOSPLIT, "func(dst, x []float32)")
	Doc("geluAVX2 is geluGeneric.")
	each("loop", length("x"), []reg.Register{base("dst"), base("x")}, 1, func(l lanes, _ int) {
		x := l.load(1)
		y, _ := normal(x)
		VMULPS(x, y, y)
		l.store(y, 0)
	})
	VZEROUPPER()
	RET()
}

func geluBackward() {
	TEXT("geluBackwardAVX2", NOSPLIT, "func(dx, x, dy []float32)")
	Doc("geluBackwardAVX2 is geluBackwardGeneric.")
	each("loop", length("x"), []reg.Register{base("dx"), base("x"), base("dy")}, 1, func(l lanes, _ int) {
		x := l.load(1)
		y, e := normal(x)
		VMULPS(number(1/(math.Sqrt2*math.SqrtPi)), e, e)
		VFMADD231PS(x, e, y)
		VMULPS(l.load(2), y, y)
		l.store(y, 0)
	})
	VZEROUPPER()
	RET()
}
