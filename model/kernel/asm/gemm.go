package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The tile of package kernel for AVX2.
const (
	panelRows    = 6
	panelColumns = 16
)

// A tile is up to six rows by sixteen columns of C, summed in up to twelve registers.
type tile struct {
	a, aRow, aRow3, aRow5, aColumn, b, bRow, d, c, ldc reg.Register

	columns int            // vectors a row, 1 or 2
	mask    reg.VecVirtual // of the last vector, nil for all eight lanes
}

func strip() {
	TEXT("stripAVX2", NOSPLIT, "func(m, n, k int, alpha float32, a []float32, aRow, aColumn, aPanel int, b []float32, bRow int, bias, d []float32, ldd int, c []float32, ldc int)")
	Doc("stripAVX2 is stripGeneric, with fused multiplications and additions.")
	t := tile{a: base("a"), b: base("b"), d: base("d"), c: base("c"), columns: 2,
		aRow: bytes("aRow"), aColumn: bytes("aColumn"), bRow: bytes("bRow"), ldc: bytes("ldc"), aRow3: GP64(), aRow5: GP64()}
	LEAQ(Mem{Base: t.aRow, Index: t.aRow, Scale: 2}, t.aRow3)
	LEAQ(Mem{Base: t.aRow, Index: t.aRow, Scale: 4}, t.aRow5)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	CMPQ(n, Imm(8))
	JLE(LabelRef("narrow"))
	CMPQ(n, Imm(panelColumns))
	JL(LabelRef("partial"))
	t.rows("full")
	Label("partial")
	SUBQ(Imm(8), n)
	t.mask = mask(n)
	t.rows("partial")
	Label("narrow")
	t.columns, t.mask = 1, mask(n)
	t.rows("narrow")
}

// rows emits the loop over all rows, six at a time and then the rest, and returns from the function.
func (t tile) rows(name string) {
	m := Load(Param("m"), GP64())
	loop, rest := name+"Six", name+"Rest"
	Label(loop)
	CMPQ(m, Imm(panelRows))
	JL(LabelRef(rest))
	t.sum(name, panelRows)
	panel := Load(Param("aPanel"), GP64())
	LEAQ(Mem{Base: t.a, Index: panel, Scale: 4}, t.a)
	SUBQ(Imm(panelRows), m)
	JMP(LabelRef(loop))
	Label(rest)
	for rows := panelRows - 1; rows > 0; rows-- {
		next := fmt.Sprintf("%sNot%d", name, rows)
		CMPQ(m, Imm(uint64(rows)))
		JNE(LabelRef(next))
		t.sum(name, rows)
		VZEROUPPER()
		RET()
		Label(next)
	}
	VZEROUPPER()
	RET()
}

// sum emits the product of a few rows with the panel, and moves c behind them.
func (t tile) sum(name string, rows int) {
	sums := zero(rows * t.columns)
	a, b, k := GP64(), GP64(), Load(Param("k"), GP64())
	MOVQ(t.a, a)
	MOVQ(t.b, b)
	loop := fmt.Sprintf("%s%dLoop", name, rows)
	Label(loop)
	right := make([]reg.VecVirtual, t.columns)
	for j := range right {
		right[j] = YMM()
		t.move(Mem{Base: b, Disp: 32 * j}, right[j], j)
	}
	for i := range rows {
		left := YMM()
		VBROADCASTSS(t.row(a, i), left)
		for j := range right {
			VFMADD231PS(right[j], left, sums[i*t.columns+j])
		}
	}
	ADDQ(t.aColumn, a)
	ADDQ(t.bRow, b)
	DECQ(k)
	JNE(LabelRef(loop))
	t.write(fmt.Sprintf("%s%dStore", name, rows), sums)
}

// row returns the address of row i of a panel that starts at a.
func (t tile) row(a reg.Register, i int) Mem {
	return []Mem{
		{Base: a},
		{Base: a, Index: t.aRow, Scale: 1},
		{Base: a, Index: t.aRow, Scale: 2},
		{Base: a, Index: t.aRow3, Scale: 1},
		{Base: a, Index: t.aRow, Scale: 4},
		{Base: a, Index: t.aRow5, Scale: 1},
	}[i]
}

// move loads or stores vector j of a row.
func (t tile) move(from, to Op, j int) {
	if t.mask == nil || j < t.columns-1 {
		VMOVUPS(from, to)
	} else {
		VMASKMOVPS(from, t.mask, to)
	}
}

// write multiplies the sums with alpha, adds bias and D to them where those are not nil, stores them, and moves d and c
// behind them.
func (t tile) write(label string, sums []reg.VecVirtual) {
	alpha := broadcast("alpha")
	for _, s := range sums {
		VMULPS(alpha, s, s)
	}
	bias := base("bias")
	TESTQ(bias, bias)
	JE(LabelRef(label + "Bias"))
	for j := range t.columns {
		b := YMM()
		t.move(Mem{Base: bias, Disp: 32 * j}, b, j)
		for i := j; i < len(sums); i += t.columns {
			VADDPS(b, sums[i], sums[i])
		}
	}
	Label(label + "Bias")
	d, ldd := t.d, Load(Param("ldd"), GP64())
	TESTQ(d, d)
	JE(LabelRef(label))
	for i, s := range sums {
		old, j := YMM(), i%t.columns
		t.move(Mem{Base: d, Disp: 32 * j}, old, j)
		VADDPS(old, s, s)
		if j == t.columns-1 {
			LEAQ(Mem{Base: d, Index: ldd, Scale: 4}, d)
		}
	}
	Label(label)
	for i, s := range sums {
		j := i % t.columns
		t.move(s, Mem{Base: t.c, Disp: 32 * j}, j)
		if j == t.columns-1 {
			ADDQ(t.ldc, t.c)
		}
	}
}
