package main

import (
	"math"

	"github.com/ferry-clir/ferry/model/kernel/asm/coefficients"
)

// polynomial emits y = c[0] + c[1]*x + ..., the highest power first.
func polynomial(x vector, c []float64) (y vector) {
	last := len(c) - 1
	y, next := number(c[last]), vectors(2)
	for i := last - 1; i >= 0; i-- {
		sum := next[i%2]
		move(number(c[i]), sum)
		multiplyAddTo(y, x, sum)
		y = sum
	}
	return y
}

// exp emits y = e^x, the steps of exp in activation.go of package kernel. It overwrites x.
func exp(x vector) (y vector) {
	const high = 355.0 / 512
	smaller(x, number(130), x)
	larger(x, number(-150), x)
	n, half := one(), one()
	multiply(x, number(math.Log2E), n)
	round(n, n)
	multiplySubtractFrom(n, number(high), x)
	multiplySubtractFrom(n, number(math.Ln2-high), x)
	y = polynomial(x, append([]float64{1, 1}, coefficients.Exp[:]...))
	integer(n, n)
	halveInteger(n, half)
	emit("VSUB V%d.S4, V%d.S4, V%d.S4", half, n, n)
	for _, power := range []vector{half, n} {
		emit("VADD V%d.S4, V%d.S4, V%d.S4", bits(127), power, power)
		emit("VSHL $23, V%d.S4, V%d.S4", power, power)
		multiply(y, power, y)
	}
	return y
}

// sigmoid emits x, but not below the range of r, and the value of r there: the steps of rational.at in activation.go of
// package kernel. It overwrites x.
func sigmoid(r coefficients.Rational, x vector) (bounded, y vector) {
	z, square := one(), one()
	larger(x, number(-r.Range), x)
	smaller(x, number(r.Range), z)
	multiply(z, z, square)
	y = polynomial(square, r.P[:])
	multiply(y, z, y)
	divide(y, polynomial(square, r.Q[:]), y)
	add(y, number(0.5), y)
	return x, y
}

func exponential() {
	define("expNEON", "func(dst, x []float32)", "is expGeneric.", func() {
		each("loop", length("x"), []register{base("dst"), base("x")}, 1, func(l lanes, _ int) {
			l.store(exp(l.load(1)), 0)
		})
	})
}

func softmax() {
	define("softmaxNEON", "func(x []float32)", "is softmaxGeneric.", func() {
		largest, sum := one(), zero(1)[0]
		move(number(math.Inf(-1)), largest)
		each("maximum", length("x"), []register{base("x")}, 1, func(l lanes, _ int) {
			x := l.load(0)
			if l.single {
				spread(x, x)
			}
			larger(x, largest, largest)
		})
		spread(reduce(largest, pairMaxima), largest)
		each("exp", length("x"), []register{base("x")}, 1, func(l lanes, _ int) {
			x := l.load(0)
			subtract(x, largest, x)
			y := exp(x)
			l.keep(y)
			add(y, sum, sum)
			l.store(y, 0)
		})
		spread(reduce(sum, pairSums), sum)
		divide(number(1), sum, sum)
		each("scale", length("x"), []register{base("x")}, 4, func(l lanes, _ int) {
			x := l.load(0)
			multiply(x, sum, x)
			l.store(x, 0)
		})
	})
}

func gelu() {
	define("geluNEON", "func(dst, x []float32)", "is geluGeneric.", func() {
		each("loop", length("x"), []register{base("dst"), base("x")}, 1, func(l lanes, _ int) {
			x, y := sigmoid(coefficients.GELU, l.load(1))
			multiply(x, y, y)
			l.store(y, 0)
		})
	})
}

func geluBackward() {
	define("geluBackwardNEON", "func(dx, x, dy []float32)", "is geluBackwardGeneric.", func() {
		each("loop", length("x"), []register{base("dx"), base("x"), base("dy")}, 1, func(l lanes, _ int) {
			_, y := sigmoid(coefficients.GELUBackward, l.load(1))
			multiply(y, l.load(2), y)
			l.store(y, 0)
		})
	})
}
