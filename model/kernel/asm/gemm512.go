package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The tile of package kernel for AVX-512.
const (
	rows512    = 14
	columns512 = 32
)

// A tile512 is some rows by up to 32 columns of C, summed in up to 28 registers.
type tile512 struct {
	multiply func(right, left, sum reg.VecVirtual) // emits sum += left * right
	integers bool                                  // the sums are

	a          [3]reg.Register // of rows 0, 5 and 10
	row, row3  reg.Register    // bytes between two rows of A, and three times that
	m, b, d, c reg.Register

	columns int          // vectors a row, 1 or 2
	mask    reg.Register // of the last vector
}

// strip512 emits a strip. Its operands are packed units: see narrow.go in package kernel.
func strip512(name, doc string, multiply func(right, left, sum reg.VecVirtual)) {
	TEXT(name, NOSPLIT, "func(m, n, k int, alpha float32, a []float32, aRow, aColumn, aPanel int, b []float32, bRow int, bias, d []float32, ldd int, c []float32, ldc int)")
	Doc(doc)
	newTile512(multiply).strip()
}

// stripInt512 emits a strip of integers.
func stripInt512(name, doc string, multiply func(right, left, sum reg.VecVirtual)) {
	TEXT(name, NOSPLIT, "func(m, n, k int, start []int32, rowScales, columnScales []float32, a []float32, aRow, aColumn, aPanel int, b []float32, bRow int, bias, d []float32, ldd int, c []float32, ldc int)")
	Doc(doc)
	t := newTile512(multiply)
	t.integers = true
	t.strip()
}

func newTile512(multiply func(right, left, sum reg.VecVirtual)) tile512 {
	return tile512{multiply: multiply, m: Load(Param("m"), GP64()), b: GP64(), d: base("d"), c: base("c"), row: bytes("aRow"), row3: GP64(), mask: K(),
		a: [3]reg.Register{base("a"), GP64(), GP64()}}
}

// strip emits the body of the function.
func (t tile512) strip() {
	LEAQ(Mem{Base: t.row, Index: t.row, Scale: 2}, t.row3)
	n, ones := Load(Param("n"), GP64()), GP64()
	DECQ(n)
	ANDQ(Imm(15), n)
	INCQ(n) // columns of the last vector, 1 to 16
	MOVQ(U32(0xffff), ones)
	BZHIQ(n, ones, ones)
	KMOVW(ones.As32(), t.mask)
	CMPQ(parameter("n"), Imm(16))
	JLE(LabelRef("narrow"))
	t.columns = 2
	t.all("wide")
	Label("narrow")
	t.columns = 1
	t.all("narrow")
}

// bytes loads a number of float32 as a number of bytes.
func bytes(name string) reg.Register {
	r := Load(Param(name), GP64())
	SHLQ(Imm(2), r)
	return r
}

// parameter is the place of a parameter in memory.
func parameter(name string) Mem {
	address, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return address.Addr
}

// start is the place of a slice parameter's pointer in memory.
func start(name string) Mem {
	address, err := Param(name).Base().Resolve()
	if err != nil {
		panic(err)
	}
	return address.Addr
}

// all emits the loop over all rows, a panel at a time and then parts of one, and returns from the function.
func (t tile512) all(name string) {
	loop, rest := name+"Panels", name+"Rest"
	Label(loop)
	CMPQ(t.m, Imm(rows512))
	JL(LabelRef(rest))
	t.sum(name, rows512)
	panel, k := Load(Param("aPanel"), GP64()), Load(Param("k"), GP64())
	IMULQ(parameter("aColumn"), k)
	SUBQ(k, panel)
	LEAQ(Mem{Base: t.a[0], Index: panel, Scale: 4}, t.a[0])
	SUBQ(Imm(rows512), t.m)
	JMP(LabelRef(loop))
	Label(rest)
	for _, rows := range []int{8, 4, 2, 1} {
		next := fmt.Sprintf("%sNot%d", name, rows)
		TESTQ(U32(uint32(rows)), t.m)
		JE(LabelRef(next))
		t.sum(name, rows)
		k, back := Load(Param("k"), GP64()), GP64()
		IMULQ(parameter("aColumn"), k)
		SHLQ(Imm(2), k)
		SUBQ(k, t.a[0])
		IMUL3Q(Imm(uint64(rows)), t.row, back)
		ADDQ(back, t.a[0])
		Label(next)
	}
	VZEROUPPER()
	RET()
}

// sum emits the product of a few rows with the panel. It moves a behind them by k columns, c and d by rows.
func (t tile512) sum(name string, rows int) {
	if rows == rows512 {
		t.expect(name + "Expect")
	}
	sums := t.begin(rows * t.columns)
	LEAQ(Mem{Base: t.a[0], Index: t.row, Scale: 4}, t.a[1])
	ADDQ(t.row, t.a[1])
	LEAQ(Mem{Base: t.a[1], Index: t.row, Scale: 4}, t.a[2])
	ADDQ(t.row, t.a[2])
	Load(Param("b").Base(), t.b)
	k, column, bRow := Load(Param("k"), GP64()), bytes("aColumn"), bytes("bRow")
	loop := fmt.Sprintf("%s%dLoop", name, rows)
	Label(loop)
	right := make([]reg.VecVirtual, t.columns)
	for j := range right {
		right[j] = ZMM()
		t.load(t.b, j, right[j])
	}
	for i := range rows {
		left := ZMM()
		VBROADCASTSS(t.address(i), left)
		for j := range right {
			t.multiply(right[j], left, sums[i*t.columns+j])
		}
	}
	for i := 0; i < rows; i += 5 {
		ADDQ(column, t.a[i/5])
	}
	ADDQ(bRow, t.b)
	DECQ(k)
	JNE(LabelRef(loop))
	t.write(fmt.Sprintf("%s%dStore", name, rows), sums)
}

// expect asks for the lines of D and C that a panel ends in, while there is something else to do.
func (t tile512) expect(label string) {
	row, step := GP64(), bytes("ldd")
	MOVQ(t.d, row)
	TESTQ(row, row)
	JE(LabelRef(label))
	t.prefetch(row, step)
	Label(label)
	MOVQ(t.c, row)
	t.prefetch(row, bytes("ldc"))
}

func (t tile512) prefetch(row, step reg.Register) {
	for range rows512 {
		for j := range t.columns {
			PREFETCHT0(Mem{Base: row, Disp: 64 * j})
		}
		ADDQ(step, row)
	}
}

// begin returns sums of nothing: 0, or what integers start from.
func (t tile512) begin(n int) []reg.VecVirtual {
	sums := make([]reg.VecVirtual, n)
	for i := range sums {
		sums[i] = ZMM()
		switch {
		case !t.integers:
			VXORPS(sums[i], sums[i], sums[i])
		case i < t.columns:
			VMOVUPS(Mem{Base: base("start"), Disp: 64 * i}, sums[i])
		default:
			VMOVAPS(sums[i%t.columns], sums[i])
		}
	}
	return sums
}

// address is that of row i of the panel.
func (t tile512) address(i int) Mem {
	a := t.a[i/5]
	return []Mem{
		{Base: a},
		{Base: a, Index: t.row, Scale: 1},
		{Base: a, Index: t.row, Scale: 2},
		{Base: a, Index: t.row3, Scale: 1},
		{Base: a, Index: t.row, Scale: 4},
	}[i%5]
}

// load loads vector j of a row; lanes beyond its end are 0.
func (t tile512) load(from reg.Register, j int, to reg.VecVirtual) {
	if j < t.columns-1 {
		VMOVUPS(Mem{Base: from, Disp: 64 * j}, to)
	} else {
		VMOVUPS_Z(Mem{Base: from, Disp: 64 * j}, t.mask, to)
	}
}

// convert turns sums of integers into float32.
func (t tile512) convert(sums []reg.VecVirtual) {
	rows, columns := base("rowScales"), base("columnScales")
	for i, s := range sums {
		VCVTDQ2PS(s, s)
		VMULPS_BCST(Mem{Base: rows, Disp: 4 * (i / t.columns)}, s, s)
		VMULPS(Mem{Base: columns, Disp: 64 * (i % t.columns)}, s, s)
	}
	skipRows(len(sums) / t.columns)
}

// skipRows moves the parameter rowScales behind so many rows.
func skipRows(rows int) { ADDQ(Imm(uint64(4*rows)), start("rowScales")) }

// write multiplies the sums with alpha, or integers with their scales, adds bias and D to them where those are not nil, stores them, and moves d and c
// behind them.
func (t tile512) write(label string, sums []reg.VecVirtual) {
	if t.integers {
		t.convert(sums)
	} else {
		alpha := ZMM()
		VBROADCASTSS(parameter("alpha"), alpha)
		for _, s := range sums {
			VMULPS(alpha, s, s)
		}
	}
	bias := base("bias")
	TESTQ(bias, bias)
	JE(LabelRef(label + "Bias"))
	for j := range t.columns {
		b := ZMM()
		t.load(bias, j, b)
		for i := j; i < len(sums); i += t.columns {
			VADDPS(b, sums[i], sums[i])
		}
	}
	Label(label + "Bias")
	ldd, ldc := bytes("ldd"), bytes("ldc")
	TESTQ(t.d, t.d)
	JE(LabelRef(label))
	for i, s := range sums {
		old, j := ZMM(), i%t.columns
		t.load(t.d, j, old)
		VADDPS(old, s, s)
		if j == t.columns-1 {
			ADDQ(ldd, t.d)
		}
	}
	Label(label)
	for i, s := range sums {
		if j := i % t.columns; j < t.columns-1 {
			VMOVUPS(s, Mem{Base: t.c, Disp: 64 * j})
		} else {
			VMOVUPS(s, t.mask, Mem{Base: t.c, Disp: 64 * j})
			ADDQ(ldc, t.c)
		}
	}
}
