package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
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

func atLeast() {
	twin("atLeast", "func(dst []int32, x []float32, least float32) int")
	dst, first, found, least := base("dst"), GP64(), GP64(), broadcast("least")
	XORQ(first, first)
	XORQ(found, found)
	bodies := 0
	each("loop", length("x"), []reg.Register{base("x")}, 1, func(l lanes, _ int) {
		name := fmt.Sprintf("found%d", bodies)
		bodies++
		bits := l.notBelow(l.load(0), least)
		TESTL(bits, bits)
		JE(LabelRef(name + "None"))
		Label(name)
		at := GP64()
		TZCNTL(bits, at.As32())
		ADDQ(first, at)
		MOVL(at.As32(), Mem{Base: dst, Index: found, Scale: 4})
		INCQ(found)
		BLSRL(bits, bits)
		JNE(LabelRef(name))
		Label(name + "None")
		ADDQ(Imm(uint64(width)), first)
	})
	Store(found, ReturnIndex(0))
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

func addRows() {
	twin("addRows", "func(dst, x []float32, rows int)")
	n, bases, stride := length("dst"), []reg.Register{base("dst"), base("x")}, GP64()
	MOVQ(n, stride)
	SHLQ(Imm(2), stride)
	columns := func(name string, places []lanes) { // keeps sums in registers while it passes over all rows
		rows, x := Load(Param("rows"), GP64()), GP64()
		MOVQ(bases[1], x)
		var sums []reg.VecVirtual
		for _, l := range places {
			sums = append(sums, l.load(0))
		}
		Label(name)
		for u, l := range places {
			l.bases = []reg.Register{x}
			VADDPS(l.load(0), sums[u], sums[u])
		}
		ADDQ(stride, x)
		DECQ(rows)
		JNE(LabelRef(name))
		for u, l := range places {
			l.store(sums[u], 0)
		}
	}
	for _, vectors := range []int{8, 1} {
		name := fmt.Sprintf("columns%d", vectors)
		var places []lanes
		whole(name, n, bases, vectors, func(l lanes, _ int) {
			if places = append(places, l); len(places) == vectors {
				columns(name+"Rows", places)
			}
		})
	}
	TESTQ(n, n)
	JE(LabelRef("done"))
	columns("rest", []lanes{{bases: bases, mask: first(n.(reg.GPVirtual))}})
	Label("done")
	end()
}
