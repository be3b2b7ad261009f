package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/ferry-clir/ferry/model/kernel/asm/coefficients"
)

// roundNumber makes a float32 of any small number, once added, an integer, and that integer its lowest bits, plus 254.
const roundNumber = 3<<22 + 254

// exp emits constants, in so many registers, and returns what emits y = e^x, the steps of exp in activation.go. That
// overwrites x, which is at most 0 if it is negative.
func exp(negative bool, registers int) func(x reg.VecVirtual) reg.VecVirtual {
	const high = 355.0 / 512
	hold, c := hold(registers), coefficients.Exp
	round, lowest, c0, c2, ln2High := hold(roundNumber), hold(-150), hold(c[0]), hold(c[2]), hold(high)
	log2E, c1, c3, c4, ln2Low := hold(math.Log2E), hold(c[1]), hold(c[3]), hold(c[4]), hold(math.Ln2-high)
	var highest, one, exponent Op
	if !negative {
		highest = hold(130)
	}
	if width == 16 {
		one = hold(1)
	} else {
		exponent = hold(math.Inf(1)) // all bits of the exponent
	}
	return func(x reg.VecVirtual) reg.VecVirtual {
		n, whole, square := vector(), vector(), vector()
		if !negative {
			VMOVUPS(highest, whole)
			VMINPS(x, whole, x) // MINPS and MAXPS return their second operand, Go's first, where one is NaN
		}
		VMOVUPS(lowest, whole)
		VMAXPS(x, whole, x)
		VMOVUPS(round, n)
		VFMADD231PS(log2E, x, n)
		VSUBPS(round, n, whole)
		VFNMADD231PS(ln2High, whole, x)
		VFNMADD231PS(ln2Low, whole, x)
		VMULPS(x, x, square)
		upper, y := vector(), vector()
		VMOVUPS(c2, upper)
		VFMADD231PS(c3, x, upper)
		VFMADD231PS(c4, square, upper)
		VMOVUPS(c0, y)
		VFMADD231PS(c1, x, y)
		VFMADD231PS(upper, square, y)
		VFMADD213PS(x, square, y) // e^x - 1
		if width == 16 {
			VADDPS(one, y, y)
			VSCALEFPS(whole, y, y)
			return y
		}
		half := vector() // 2^n in two steps, the first of which also adds 1
		VPSLLD(Imm(23), n, n)
		VPSRLD(Imm(1), n, half)
		VPAND(exponent, half, half)
		VPSUBD(half, n, n)
		VFMADD213PS(half, half, y)
		VMULPS(n, y, y)
		return y
	}
}

// sigmoid emits constants and returns what emits x, but not below the range of r, and the value of r there, the steps of
// rational.at in activation.go. That overwrites x.
func sigmoid(r coefficients.Rational) func(x reg.VecVirtual) (bounded, y reg.VecVirtual) {
	hold := hold(10)
	lowest, highest, half := hold(-r.Range), hold(r.Range), hold(0.5)
	var p, q []Op
	for i := len(r.P) - 1; i >= 0; i-- {
		p, q = append(p, hold(r.P[i])), append(q, hold(r.Q[i]))
	}
	polynomial := func(x reg.VecVirtual, c []Op) reg.VecVirtual {
		y := vector()
		VMOVUPS(c[0], y)
		for _, next := range c[1:] {
			VFMADD213PS(next, x, y)
		}
		return y
	}
	return func(x reg.VecVirtual) (bounded, y reg.VecVirtual) {
		z, square := vector(), vector()
		VMOVUPS(lowest, z)
		VMAXPS(x, z, x)
		VMOVUPS(highest, z)
		VMINPS(x, z, z)
		VMULPS(z, z, square)
		y = polynomial(square, p)
		VMULPS(z, y, y)
		VDIVPS(polynomial(square, q), y, y)
		VADDPS(half, y, y)
		return x, y
	}
}

func exponential() {
	twin("exp", "func(dst, x []float32)")
	exp := exp(false, 10)
	each("loop", length("x"), []reg.Register{base("dst"), base("x")}, 1, func(l lanes, _ int) {
		l.store(exp(l.load(1)), 0)
	})
	end()
}

func softmax() {
	twin("softmax", "func(x []float32)")
	exp, lowest, largest, sum := exp(true, 7), broadcasted(math.Inf(-1)), vector(), zero(1)[0]
	VMOVAPS(lowest, largest)
	each("maximum", length("x"), []reg.Register{base("x")}, 1, func(l lanes, _ int) {
		x := l.load(0)
		l.fill(x, lowest)
		VMAXPS(largest, x, largest) // a NaN in x leaves largest
	})
	reduce(largest, maxPS)
	each("exp", length("x"), []reg.Register{base("x")}, 1, func(l lanes, _ int) {
		x := l.load(0)
		VSUBPS(largest, x, x)
		y := exp(x)
		l.keep(y)
		VADDPS(y, sum, sum)
		l.store(y, 0)
	})
	reduce(sum, addPS)
	VDIVPS(sum, broadcasted(1), sum)
	each("scale", length("x"), []reg.Register{base("x")}, 1, func(l lanes, _ int) {
		x := l.load(0)
		VMULPS(sum, x, x)
		l.store(x, 0)
	})
	end()
}

func gelu() {
	twin("gelu", "func(dst, x []float32)")
	distribution := sigmoid(coefficients.GELU)
	each("loop", length("x"), []reg.Register{base("dst"), base("x")}, 1, func(l lanes, _ int) {
		x, y := distribution(l.load(1))
		VMULPS(x, y, y)
		l.store(y, 0)
	})
	end()
}

func geluBackward() {
	twin("geluBackward", "func(dx, x, dy []float32)")
	derivative := sigmoid(coefficients.GELUBackward)
	each("loop", length("x"), []reg.Register{base("dx"), base("x"), base("dy")}, 1, func(l lanes, _ int) {
		_, y := derivative(l.load(1))
		VMULPS(l.load(2), y, y)
		l.store(y, 0)
	})
	end()
}
