package main

import "math"

// polynomial emits y = (...(c[0]*x + c[1])*x + ...).
func polynomial(x vector, c ...float64) (y vector) {
	y, next := number(c[0]), vectors(2)
	for i, coefficient := range c[1:] {
		sum := next[i%2]
		move(number(coefficient), sum)
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
	y = polynomial(x, 1.0/5040, 1.0/720, 1.0/120, 1.0/24, 1.0/6, 1.0/2, 1, 1)
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

// normal emits the distribution function of the standard normal at x, and e = e^(-x*x/2): the steps of normal in
// activation.go of package kernel.
func normal(x vector) (distribution, e vector) {
	z, t, sign := one(), one(), one()
	absolute(x, z)
	move(number(1), t)
	multiplyAddTo(z, number(0.3275911/math.Sqrt2), t)
	divide(number(1), t, t)
	y := polynomial(t, 1.061405429/2, -1.453152027/2, 1.421413741/2, -0.284496736/2, 0.254829592/2)
	multiply(y, t, y)
	multiply(z, z, z)
	multiply(z, number(-0.5), z)
	e = exp(z)
	multiply(y, e, y)
	subtract(number(1), y, t)
	negative(x, sign)
	emit("VBIT V%d.B16, V%d.B16, V%d.B16", sign, y, t) // y where x is negative
	return t, e
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
			x := l.load(1)
			y, _ := normal(x)
			multiply(x, y, y)
			l.store(y, 0)
		})
	})
}

func geluBackward() {
	define("geluBackwardNEON", "func(dx, x, dy []float32)", "is geluBackwardGeneric.", func() {
		each("loop", length("x"), []register{base("dx"), base("x"), base("dy")}, 1, func(l lanes, _ int) {
			x := l.load(1)
			y, e := normal(x)
			multiply(e, number(1/(math.Sqrt2*math.SqrtPi)), e)
			multiplyAddTo(x, e, y)
			multiply(y, l.load(2), y)
			l.store(y, 0)
		})
	})
}
