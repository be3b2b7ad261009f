package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gibbs writes whole vectors, zeros beyond the columns.
func gibbs() {
	twin("gibbs", "func(k []float32, ld int, costs []float32, columns int, inverse float32, f, g []float32)")
	inverse, lowest, exp := broadcast("inverse"), number(-86), exp(true, 0)
	k, costs, f, rows := base("k"), base("costs"), base("f"), length("f")
	Label("row")
	fi := vector()
	VBROADCASTSS(Mem{Base: f}, fi)
	each("column", Load(Param("columns"), GP64()), []reg.Register{k, costs, base("g")}, 1, func(l lanes, _ int) {
		x := l.load(2)
		VADDPS(fi, x, x)
		VSUBPS(l.load(1), x, x)
		VMULPS(inverse, x, x)
		normal := compare(notLess, x, lowest)
		y := exp(x)
		l.keep(y)
		lanes{mask: normal}.keep(y)
		VMOVUPS(y, l.address(0))
		if l.mask != nil {
			advance(Load(Param("columns"), GP64()), costs)
			ADDQ(Imm(uint64(4*width)), k)
		}
	})
	ADDQ(Imm(4), f)
	DECQ(rows)
	JNE(LabelRef("row"))
	end()
}

func plan() {
	twin("plan", "func(plan, costs []float32, columns, ld int, k, a, u, v, sums []float32) (value, rowError float32)")
	value, rowError := zero(1)[0], zero(1)[0]
	dst, costs, k, a, u, rows := base("plan"), base("costs"), base("k"), base("a"), base("u"), length("u")
	Label("row")
	ui, sum := vector(), zero(1)[0]
	VBROADCASTSS(Mem{Base: u}, ui)
	row := GP64()
	MOVQ(k, row)
	n := Load(Param("columns"), GP64())
	each("column", n, []reg.Register{dst, costs, row, base("v"), base("sums")}, 1, func(l lanes, _ int) {
		y := l.load(2)
		VMULPS(ui, y, y)
		VMULPS(l.load(3), y, y)
		l.store(y, 0)
		VADDPS(y, sum, sum)
		VFMADD231PS(l.load(1), y, value)
		columns := l.load(4)
		VADDPS(y, columns, columns)
		l.store(columns, 4)
		if l.mask != nil {
			advance(Load(Param("columns"), GP64()), dst, costs)
		}
	})
	reduce(sum, addPS)
	VSUBSS(Mem{Base: a}, sum.AsX(), sum.AsX())
	VANDPS(bits(0x7fffffff), sum, sum)
	VADDSS(sum.AsX(), rowError.AsX(), rowError.AsX())
	LEAQ(Mem{Base: k, Index: bytes("ld"), Scale: 1}, k)
	ADDQ(Imm(4), a)
	ADDQ(Imm(4), u)
	DECQ(rows)
	JNE(LabelRef("row"))
	Store(reduce(value, addPS).AsX(), ReturnIndex(0))
	Store(rowError.AsX(), ReturnIndex(1))
	end()
}

// advance moves pointers over the elements of a row, n of them in all, that do not fill a vector. It overwrites n.
func advance(rest reg.Register, pointers ...reg.Register) {
	ANDQ(Imm(uint64(width-1)), rest)
	for _, p := range pointers {
		LEAQ(Mem{Base: p, Index: rest, Scale: 4}, p)
	}
}

func rowMinima() {
	twin("rowMinima", "func(dst, costs, g []float32) (largest, odd float32)")
	odd, infinity, largest := zero(1)[0], broadcasted(math.Inf(1)), broadcasted(math.Inf(-1))
	dst, costs, rows := base("dst"), base("costs"), length("dst")
	Label("row")
	least := vector()
	VMOVAPS(infinity, least)
	each("column", length("g"), []reg.Register{costs, base("g")}, 1, func(l lanes, _ int) {
		c, difference := l.load(0), vector()
		VSUBPS(l.load(1), c, difference)
		l.fill(difference, infinity)
		VMINPS(least, difference, least)
		VSUBPS(c, c, difference)
		VADDPS(difference, odd, odd)
		if l.mask != nil {
			lowest := vector()
			VMOVAPS(largest, lowest)
			l.fill(c, lowest)
		}
		VMAXPS(largest, c, largest)
		if l.mask != nil {
			advance(length("g"), costs)
		}
	})
	VMOVSS(reduce(least, minPS).AsX(), Mem{Base: dst})
	ADDQ(Imm(4), dst)
	DECQ(rows)
	JNE(LabelRef("row"))
	Store(reduce(largest, maxPS).AsX(), ReturnIndex(0))
	Store(reduce(odd, addPS).AsX(), ReturnIndex(1))
	end()
}

func columnMinima() {
	twin("columnMinima", "func(dst, costs, f []float32)")
	costs, f, rows := base("costs"), base("f"), length("f")
	Label("row")
	fi := vector()
	VBROADCASTSS(Mem{Base: f}, fi)
	each("column", length("dst"), []reg.Register{costs, base("dst")}, 1, func(l lanes, _ int) {
		x, least := l.load(0), l.load(1)
		VSUBPS(fi, x, x)
		VMINPS(least, x, least)
		l.store(least, 1)
		if l.mask != nil {
			advance(length("dst"), costs)
		}
	})
	ADDQ(Imm(4), f)
	DECQ(rows)
	JNE(LabelRef("row"))
	end()
}
