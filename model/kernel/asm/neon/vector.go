package main

func dot() {
	define("dotNEON", "func(x, y []float32) float32", "is dotGeneric.", func() {
		sums := zero(4)
		each("loop", length("x"), []register{base("x"), base("y")}, 4, func(l lanes, u int) {
			multiplyAddTo(l.load(0), l.load(1), sums[u])
		})
		add(sums[0], sums[1], sums[0])
		add(sums[2], sums[3], sums[2])
		add(sums[0], sums[2], sums[0])
		result(reduce(sums[0], pairSums), "ret")
	})
}

func axpy() {
	define("axpyNEON", "func(alpha float32, x, y []float32)", "is axpyGeneric.", func() {
		alpha := broadcast("alpha")
		each("loop", length("x"), []register{base("x"), base("y")}, 4, func(l lanes, _ int) {
			y := l.load(1)
			multiplyAddTo(l.load(0), alpha, y)
			l.store(y, 1)
		})
	})
}

func addition() {
	define("addNEON", "func(dst, x []float32)", "is addGeneric.", func() {
		each("loop", length("x"), []register{base("dst"), base("x")}, 4, func(l lanes, _ int) {
			y := l.load(0)
			add(y, l.load(1), y)
			l.store(y, 0)
		})
	})
}

func scale() {
	define("scaleNEON", "func(alpha float32, x []float32)", "is scaleGeneric.", func() {
		alpha := broadcast("alpha")
		each("loop", length("x"), []register{base("x")}, 4, func(l lanes, _ int) {
			x := l.load(0)
			multiply(x, alpha, x)
			l.store(x, 0)
		})
	})
}

func sumSquares() {
	define("sumSquaresNEON", "func(x []float32) float64", "is sumSquaresGeneric.", func() {
		sums := zero(4)
		each("loop", length("x"), []register{base("x")}, 2, func(l lanes, u int) {
			low, high := doubles(l.load(0))
			emit("VFMLA V%d.D2, V%d.D2, V%d.D2", low, low, sums[2*u])
			emit("VFMLA V%d.D2, V%d.D2, V%d.D2", high, high, sums[2*u+1])
		})
		emit("FMOVD F%d, ret+%d(FP)", reduceDoubles(sums), f.offsets["ret"])
	})
}

// multiplyAdd emits 24 chains of fused multiply-adds, 12 of them in a round.
func multiplyAdd() {
	define("multiplyAddNEON", "func(rounds int)", "does 12 fused multiply-adds of vectors of four a round, on registers alone.", func() {
		rounds, chains, x := whole("rounds"), zero(24), zero(1)[0]
		label("loop")
		for i, chain := range chains {
			multiplyAddTo(x, x, chain)
			if i == 11 {
				emit("SUB $1, R%d", rounds)
				emit("CBZ R%d, done", rounds)
			}
		}
		emit("SUB $1, R%d", rounds)
		emit("CBNZ R%d, loop", rounds)
		label("done")
	})
}
