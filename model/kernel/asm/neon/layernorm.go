package main

// addDoubles emits the addition of the elements of x to two vectors of two float64.
func addDoubles(x vector, sums []vector) {
	low, high := doubles(x)
	addDouble(low, sums[0], sums[0])
	addDouble(high, sums[1], sums[1])
}

// mean emits the mean of n elements whose sums are given, as one float64. It overwrites them.
func mean(sums []vector, n register) vector {
	count := one()
	emit("SCVTFD R%d, F%d", n, count)
	m := reduceDoubles(sums)
	emit("FDIVD F%d, F%d", count, m)
	return m
}

// toFloats fills x with the float64 in it, as float32.
func toFloats(x vector) {
	emit("FCVTDS F%d, F%d", x, x)
	spread(x, x)
}

func layerNorm() {
	define("layerNormNEON", "func(dst, x, gamma, beta []float32, epsilon float32) (mean, rstd float32)", "is layerNormGeneric.", func() {
		n, sums := length("x"), zero(2)
		each("sum", length("x"), []register{base("x")}, 1, func(l lanes, _ int) { addDoubles(l.load(0), sums) })
		center := mean(sums, n)
		toFloats(center)
		result(center, "mean")
		squares := zero(2)
		each("squares", length("x"), []register{base("x")}, 1, func(l lanes, _ int) {
			x := l.load(0)
			subtract(x, center, x)
			l.keep(x)
			multiply(x, x, x)
			addDoubles(x, squares)
		})
		rstd, epsilon := mean(squares, n), broadcast("epsilon")
		emit("FCVTSD F%d, F%d", epsilon, epsilon)
		emit("FADDD F%d, F%d", epsilon, rstd)
		emit("FSQRTD F%d, F%d", rstd, rstd)
		emit("FMOVD $1.0, F%d", epsilon)
		emit("FDIVD F%d, F%d, F%d", rstd, epsilon, rstd)
		toFloats(rstd)
		result(rstd, "rstd")
		bases := []register{base("dst"), base("x"), base("gamma"), base("beta")}
		each("loop", length("x"), bases, 1, func(l lanes, _ int) {
			x, beta := l.load(1), l.load(3)
			subtract(x, center, x)
			multiply(x, rstd, x)
			multiplyAddTo(x, l.load(2), beta)
			l.store(beta, 0)
		})
	})
}

func layerNormBackward() {
	define("layerNormBackwardNEON", "func(dx, dgamma, dbeta, x, dy, gamma []float32, mean, rstd float32)", "is layerNormBackwardGeneric.", func() {
		center, rstd, n := broadcast("mean"), broadcast("rstd"), length("x")
		sumsG, sumsGH := zero(2), zero(2)
		bases := []register{base("x"), base("dy"), base("gamma"), base("dgamma"), base("dbeta")}
		each("sums", length("x"), bases, 1, func(l lanes, _ int) {
			h, dy, g, dgamma, dbeta := l.load(0), l.load(1), l.load(2), l.load(3), l.load(4)
			add(dbeta, dy, dbeta)
			l.store(dbeta, 4)
			subtract(h, center, h)
			multiply(h, rstd, h)
			multiplyAddTo(dy, h, dgamma)
			l.store(dgamma, 3)
			multiply(g, dy, g)
			multiply(h, g, h)
			l.keep(h)
			addDoubles(g, sumsG)
			addDoubles(h, sumsGH)
		})
		meanG, meanGH := mean(sumsG, n), mean(sumsGH, n)
		toFloats(meanG)
		toFloats(meanGH)
		bases = []register{base("x"), base("dy"), base("gamma"), base("dx")}
		each("loop", length("x"), bases, 1, func(l lanes, _ int) {
			h, dy, g := l.load(0), l.load(1), l.load(2)
			subtract(h, center, h)
			multiply(h, rstd, h)
			multiply(g, dy, g)
			subtract(g, meanG, g)
			multiplySubtractFrom(h, meanGH, g)
			multiply(g, rstd, g)
			l.store(g, 3)
		})
	})
}
