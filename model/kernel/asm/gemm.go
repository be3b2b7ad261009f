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

	columns  int                                   // vectors a row, 1 or 2
	mask     reg.VecVirtual                        // of the last vector, nil for all eight lanes
	late     func() reg.VecVirtual                 // emits mask where it is not kept while sums are computed
	multiply func(right, left, sum reg.VecVirtual) // emits sum += left * right
	integers bool                                  // the sums are
}

func strip() {
	TEXT("stripAVX2", NOSPLIT, "func(m, n, k int, alpha float32, a []float32, aRow, aColumn, aPanel int, b []float32, bRow int, bias, d []float32, ldd int, c []float32, ldc int)")
	Doc("stripAVX2 is stripGeneric, with fused multiplications and additions.")
	t := newTile(func(right, left, sum reg.VecVirtual) { VFMADD231PS(right, left, sum) })
	t.strip()
}

// stripInt8 emits a strip of integers.
func stripInt8() {
	TEXT("stripInt8AVX2", NOSPLIT, "func(m, n, k int, start []int32, rowScales, columnScales []float32, a []float32, aRow, aColumn, aPanel int, b []float32, bRow int, bias, d []float32, ldd int, c []float32, ldc int)")
	Doc("stripInt8AVX2 is stripInt8Generic for two integers a unit.")
	t := newTile(dotInt16)
	t.integers = true
	t.strip()
}

// dotInt16 emits sum += left * right for pairs of 16-bit integers.
func dotInt16(right, left, sum reg.VecVirtual) {
	product := YMM()
	if left.Size() == 64 {
		product = ZMM()
	}
	VPMADDWD(right, left, product)
	VPADDD(product, sum, sum)
}

func newTile(multiply func(right, left, sum reg.VecVirtual)) tile {
	return tile{multiply: multiply, a: base("a"), b: base("b"), d: base("d"), c: base("c"),
		aRow: bytes("aRow"), aColumn: bytes("aColumn"), bRow: bytes("bRow"), ldc: bytes("ldc"), aRow3: GP64(), aRow5: GP64()}
}

// strip emits the body of the function.
func (t tile) strip() {
	LEAQ(Mem{Base: t.aRow, Index: t.aRow, Scale: 2}, t.aRow3)
	LEAQ(Mem{Base: t.aRow, Index: t.aRow, Scale: 4}, t.aRow5)
	n := Load(Param("n"), GP64())
	CMPQ(n, Imm(8))
	JLE(LabelRef("narrow"))
	CMPQ(n, Imm(panelColumns))
	JL(LabelRef("partial"))
	t.columns = 2
	t.rows("full")
	Label("partial")
	t.limit(8)
	t.rows("partial")
	Label("narrow")
	t.columns = 1
	t.limit(0)
	t.rows("narrow")
}

// limit masks the last vector to n minus so many columns. Integers take so many registers that the mask is made anew
// for every store; B need not be masked, as all its panels are whole.
func (t *tile) limit(columns int) {
	limit := func() reg.VecVirtual {
		n := Load(Param("n"), GP64()).(reg.GPVirtual)
		SUBQ(Imm(uint64(columns)), n)
		return mask(n)
	}
	if t.integers {
		t.late = limit
	} else {
		t.mask = limit()
	}
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
	sums := t.begin(rows * t.columns)
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
			t.multiply(right[j], left, sums[i*t.columns+j])
		}
	}
	ADDQ(t.aColumn, a)
	ADDQ(t.bRow, b)
	DECQ(k)
	JNE(LabelRef(loop))
	t.write(fmt.Sprintf("%s%dStore", name, rows), sums)
}

// begin returns sums of nothing: 0, or what integers start from.
func (t tile) begin(n int) []reg.VecVirtual {
	if !t.integers {
		return zero(n)
	}
	sums := make([]reg.VecVirtual, n)
	for i := range sums {
		sums[i] = YMM()
		if i < t.columns {
			VMOVUPS(Mem{Base: base("start"), Disp: 32 * i}, sums[i])
		} else {
			VMOVAPS(sums[i%t.columns], sums[i])
		}
	}
	return sums
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

// convert turns sums of integers into float32.
func (t tile) convert(sums []reg.VecVirtual) {
	rows, columns := base("rowScales"), base("columnScales")
	for i, s := range sums {
		scale := YMM()
		VBROADCASTSS(Mem{Base: rows, Disp: 4 * (i / t.columns)}, scale)
		VCVTDQ2PS(s, s)
		VMULPS(scale, s, s)
		VMULPS(Mem{Base: columns, Disp: 32 * (i % t.columns)}, s, s)
	}
	skipRows(len(sums) / t.columns)
}

// write multiplies the sums with alpha, or integers with their scales, adds bias and D to them where those are not nil, stores them, and moves d and c
// behind them.
func (t tile) write(label string, sums []reg.VecVirtual) {
	if t.integers {
		t.convert(sums)
	} else {
		alpha := broadcast("alpha")
		for _, s := range sums {
			VMULPS(alpha, s, s)
		}
	}
	if t.late != nil {
		t.mask = t.late()
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
