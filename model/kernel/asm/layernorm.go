package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// inverse emits 1/n as float64.
func inverse(n reg.Register) reg.VecVirtual {
	count, one := XMM(), GP64()
	y := XMM()
	MOVQ(I32(1), one)
	VXORPS(count, count, count)
	VXORPS(y, y, y)
	VCVTSI2SDQ(n, count, count)
	VCVTSI2SDQ(one, y, y)
	VDIVSD(count, y, y)
	return y
}

// mean emits the sum of all lanes of vectors, added up in float64 and multiplied by inverse. It overwrites them.
func mean(sums []reg.VecVirtual, inverse reg.VecVirtual) reg.VecVirtual {
	parts := halves(total(sums))
	sum := reducePD(parts[:])
	VMULSD(inverse, sum, sum)
	return sum
}

// spread emits a float64 as float32 in all lanes.
func spread(x reg.VecVirtual) reg.VecVirtual {
	y := vector()
	VCVTSD2SS(x, x, y.AsX())
	VBROADCASTSS(y.AsX(), y)
	return y
}

func layerNorm() {
	twin("layerNorm", "func(dst, x, gamma, beta []float32, epsilon float32) (mean, rstd float32)")
	const several = 4
	inverse := inverse(length("x"))
	sums := zero(several)
	each("sum", length("x"), []reg.Register{base("x")}, several, func(l lanes, u int) { VADDPS(l.load(0), sums[u], sums[u]) })
	estimate := mean(sums, inverse)
	center := spread(estimate)
	sums = zero(several)
	squares := zero(several)
	each("squares", length("x"), []reg.Register{base("x")}, several, func(l lanes, u int) {
		x := l.load(0)
		VSUBPS(center, x, x)
		l.keep(x)
		VADDPS(x, sums[u], sums[u])
		VFMADD231PS(x, x, squares[u])
	})
	// The estimate's error is the mean of the differences.
	off, variance := mean(sums, inverse), mean(squares, inverse)
	VCVTSS2SD(center.AsX(), center.AsX(), center.AsX())
	VADDSD(off, center.AsX(), center.AsX())
	center = spread(center.AsX().(reg.VecVirtual))
	Store(center.AsX(), Return("mean"))
	VFNMADD231SD(off, off, variance)
	rstd, one := vector(), XMM()
	VCVTSD2SS(variance, variance, variance)
	VADDSS(parameter("epsilon"), variance, variance)
	VSQRTSS(variance, variance, variance)
	VMOVSS(number(1), one)
	VDIVSS(variance, one, variance)
	Store(variance, Return("rstd"))
	VBROADCASTSS(variance, rstd)
	bases := []reg.Register{base("dst"), base("x"), base("gamma"), base("beta")}
	each("loop", length("x"), bases, 2, func(l lanes, _ int) {
		x, beta := l.load(1), l.load(3)
		VSUBPS(center, x, x)
		VMULPS(rstd, x, x)
		VFMADD231PS(l.load(2), x, beta)
		l.store(beta, 0)
	})
	end()
}

func layerNormBackward() {
	twin("layerNormBackward", "func(dx, dgamma, dbeta, x, dy, gamma []float32, mean, rstd float32)")
	inverse, center, rstd := inverse(length("x")), broadcast("mean"), broadcast("rstd")
	const several = 2
	sumG, sumGH := zero(several), zero(several)
	bases := []reg.Register{base("x"), base("dy"), base("gamma"), base("dgamma"), base("dbeta")}
	each("sums", length("x"), bases, several, func(l lanes, u int) {
		h, dy, g, dgamma, dbeta := l.load(0), l.load(1), l.load(2), l.load(3), l.load(4)
		VADDPS(dy, dbeta, dbeta)
		l.store(dbeta, 4)
		VSUBPS(center, h, h)
		VMULPS(rstd, h, h)
		VFMADD231PS(dy, h, dgamma)
		l.store(dgamma, 3)
		VMULPS(dy, g, g)
		VADDPS(g, sumG[u], sumG[u])
		l.keep(h)
		VFMADD231PS(g, h, sumGH[u])
	})
	meanG, meanGH := spread(mean(sumG, inverse)), spread(mean(sumGH, inverse))
	bases = []reg.Register{base("x"), base("dy"), base("gamma"), base("dx")}
	each("loop", length("x"), bases, 2, func(l lanes, _ int) {
		h, dy, g := l.load(0), l.load(1), l.load(2)
		VSUBPS(center, h, h)
		VMULPS(rstd, h, h)
		VFMSUB213PS(meanG, dy, g)
		VFNMADD231PS(meanGH, h, g)
		VMULPS(rstd, g, g)
		l.store(g, 3)
	})
	end()
}
