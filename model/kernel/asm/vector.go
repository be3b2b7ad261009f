package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

func dot() {
	twin("dot", "func(x, y []float32) float32")
	bases, n, sums := []reg.Register{base("x"), base("y")}, length("x"), zero(4)
	each("loop", n, bases, 4, func(l lanes, u int) {
		VFMADD231PS(l.load(0), l.load(1), sums[u])
	})
	Store(reduce(total(sums), addPS).AsX(), ReturnIndex(0))
	end()
}

func sumSquares() {
	twin("sumSquares", "func(x []float32) float64")
	n, sums := length("x"), zero(4)
	each("loop", n, []reg.Register{base("x")}, 2, func(l lanes, u int) {
		for i, x := range halves(l.load(0)) {
			VFMADD231PD(x, x, sums[2*u+i])
		}
	})
	Store(reducePD(sums), ReturnIndex(0))
	end()
}

func axpy() {
	twin("axpy", "func(alpha float32, x, y []float32)")
	alpha := broadcast("alpha")
	each("loop", length("x"), []reg.Register{base("x"), base("y")}, 2, func(l lanes, _ int) {
		y := l.load(1)
		VFMADD231PS(l.load(0), alpha, y)
		l.store(y, 1)
	})
	end()
}

func add() {
	twin("add", "func(dst, x []float32)")
	each("loop", length("x"), []reg.Register{base("dst"), base("x")}, 2, func(l lanes, _ int) {
		y := l.load(0)
		VADDPS(l.load(1), y, y)
		l.store(y, 0)
	})
	end()
}

func scale() {
	twin("scale", "func(alpha float32, x []float32)")
	alpha := broadcast("alpha")
	each("loop", length("x"), []reg.Register{base("x")}, 2, func(l lanes, _ int) {
		x := l.load(0)
		VMULPS(alpha, x, x)
		l.store(x, 0)
	})
	end()
}
