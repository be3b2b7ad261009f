package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// addPD emits the addition of the eight lanes of x to a pair of vectors of four float64. It overwrites x.
func addPD(x reg.VecVirtual, sums []reg.VecVirtual) {
	low, high := YMM(), YMM()
	VCVTPS2PD(x.AsX(), low)
	VEXTRACTF128(Imm(1), x, x.AsX())
	VCVTPS2PD(x.AsX(), high)
	VADDPD(low, sums[0], sums[0])
	VADDPD(high, sums[1], sums[1])
}

// meanPD emits the mean of n elements whose sums are given, in all lanes, as float32.
func meanPD(sums []reg.VecVirtual, n reg.Register) reg.VecVirtual {
	total, count := reducePD(sums), XMM()
	VXORPS(count, count, count)
	VCVTSI2SDQ(n, count, count)
	VDIVSD(count, total, total)
	VCVTSD2SS(total, total, total)
	mean := YMM()
	VBROADCASTSS(total, mean)
	return mean
}

func layerNorm() {
	TEXT("layerNormAVX2", NOSPLIT, "func(dst, x, gamma, beta []float32, epsilon float32) (mean, rstd float32)")
	Doc("layerNormAVX2 is layerNormGeneric.")
	sums := zero(2)
	each("sum", length("x"), []reg.Register{base("x")}, 1, func(l lanes, _ int) { addPD(l.load(0), sums) })
	mean := meanPD(sums, length("x"))
	Store(mean.AsX(), Return("mean"))
	squares := zero(2)
	each("squares", length("x"), []reg.Register{base("x")}, 1, func(l lanes, _ int) {
		x := l.load(0)
		VSUBPS(mean, x, x)
		l.keep(x)
		VMULPS(x, x, x)
		addPD(x, squares)
	})
	rstd, one := meanPD(squares, length("x")), YMM()
	VADDPS(broadcast("epsilon"), rstd, rstd)
	VSQRTPS(rstd, rstd)
	VMOVUPS(number(1), one)
	VDIVPS(rstd, one, rstd)
	Store(rstd.AsX(), Return("rstd"))
	bases := []reg.Register{base("dst"), base("x"), base("gamma"), base("beta")}
	each("loop", length("x"), bases, 1, func(l lanes, _ int) {
		x, beta := l.load(1), l.load(3)
		VSUBPS(mean, x, x)
		VMULPS(rstd, x, x)
		VFMADD231PS(l.load(2), x, beta)
		l.store(beta, 0)
	})
	VZEROUPPER()
	RET()
}

func layerNormBackward() {
	TEXT("layerNormBackwardAVX2", NOSPLIT, "func(dx, dgamma, dbeta, x, dy, gamma []float32, mean, rstd float32)")
	Doc("layerNormBackwardAVX2 is layerNormBackwardGeneric.")
	mean, rstd := broadcast("mean"), broadcast("rstd")
	sumG, sumGH := zero(2), zero(2)
	bases := []reg.Register{base("x"), base("dy"), base("gamma"), base("dgamma"), base("dbeta")}
	each("sums", length("x"), bases, 1, func(l lanes, _ int) {
		h, dy, g, dgamma, dbeta := l.load(0), l.load(1), l.load(2), l.load(3), l.load(4)
		VADDPS(dy, dbeta, dbeta)
		l.store(dbeta, 4)
		VSUBPS(mean, h, h)
		VMULPS(rstd, h, h)
		VFMADD231PS(dy, h, dgamma)
		l.store(dgamma, 3)
		VMULPS(dy, g, g)
		VMULPS(g, h, h)
		l.keep(h)
		addPD(g, sumG)
		addPD(h, sumGH)
	})
	meanG, meanGH := meanPD(sumG, length("x")), meanPD(sumGH, length("x"))
	bases = []reg.Register{base("x"), base("dy"), base("gamma"), base("dx")}
	each("loop", length("x"), bases, 1, func(l lanes, _ int) {
		h, dy, g := l.load(0), l.load(1), l.load(2)
		VSUBPS(mean, h, h)
		VMULPS(rstd, h, h)
		VFMSUB213PS(meanG, dy, g)
		VFNMADD231PS(meanGH, h, g)
		VMULPS(rstd, g, g)
		l.store(g, 3)
	})
	VZEROUPPER()
	RET()
}
