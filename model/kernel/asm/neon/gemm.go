package main

import "fmt"

// The tile of package kernel that NEON shares with the generic twin.
const (
	panelRows    = 6
	panelColumns = 16
)

// A tile is up to six rows by up to four vectors of C, summed in up to 24 registers, or up to six rows by one column.
type tile struct {
	name    string
	vectors int  // a row
	single  bool // one element instead of a vector

	a, aColumn, aPanel, b, bRow, bias, d, ldd, c, ldc register
	aRow                                              [panelRows]register // the distance of row i from row 0; aRow[0] is not used
}

func strip() {
	const signature = "func(m, n, k int, alpha float32, a []float32, aRow, aColumn, aPanel int, b []float32, bRow int, bias, d []float32, ldd int, c []float32, ldc int)"
	define("stripNEON", signature, "is stripGeneric, with fused multiplications and additions.", func() {
		n, column := whole("n"), general()
		t := tile{aColumn: bytes("aColumn"), aPanel: bytes("aPanel"), bRow: bytes("bRow"), ldd: bytes("ldd"), ldc: bytes("ldc")}
		t.aRow[1] = bytes("aRow")
		for i := 2; i < panelRows; i++ {
			t.aRow[i] = general()
			emit("ADD R%d, R%d, R%d", t.aRow[1], t.aRow[i-1], t.aRow[i])
		}
		emit("MOVD $0, R%d", column)
		for _, t.vectors = range []int{4, 2, 1} { // each at most once, as n is at most 16
			t.name = fmt.Sprintf("columns%d", 4*t.vectors)
			emit("TBZ $%d, R%d, %sDone", map[int]int{4: 4, 2: 3, 1: 2}[t.vectors], n, t.name)
			t.columns(column)
			label(t.name + "Done")
		}
		t.name, t.single = "column", true
		emit("AND $3, R%d", n)
		label("rest")
		emit("CBZ R%d, done", n)
		t.columns(column)
		emit("SUB $1, R%d", n)
		emit("B rest")
		label("done")
	})
}

// columns emits the loop over all rows of a few columns, which begin so many bytes behind the first, and moves column
// behind them.
func (t tile) columns(column register) {
	scope(func() {
		t.a, t.b, t.bias, t.d, t.c = base("a"), base("b"), base("bias"), base("d"), base("c")
		emit("ADD R%d, R%d", column, t.b)
		emit("ADD R%d, R%d", column, t.c)
		for i, r := range []register{t.bias, t.d} { // what is nil stays so
			emit("CBZ R%d, %sNil%d", r, t.name, i)
			emit("ADD R%d, R%d", column, r)
			label(fmt.Sprintf("%sNil%d", t.name, i))
		}
		t.rows()
	})
	emit("ADD $%d, R%d", t.width(), column)
}

// width is that of a row in bytes.
func (t tile) width() int {
	if t.single {
		return 4
	}
	return 16 * t.vectors
}

// rows emits the loop over all rows, six at a time and then the rest.
func (t tile) rows() {
	m := whole("m")
	six, rest, end := t.name+"Six", t.name+"Rest", t.name+"End"
	label(six)
	emit("CMP $%d, R%d", panelRows, m)
	emit("BLT %s", rest)
	t.sum(panelRows)
	emit("ADD R%d, R%d", t.aPanel, t.a)
	emit("SUB $%d, R%d", panelRows, m)
	emit("B %s", six)
	label(rest)
	for rows := panelRows - 1; rows > 0; rows-- {
		next := fmt.Sprintf("%sNot%d", t.name, rows)
		emit("CMP $%d, R%d", rows, m)
		emit("BNE %s", next)
		t.sum(rows)
		emit("B %s", end)
		label(next)
	}
	label(end)
}

// sum emits the product of a few rows with the columns, and moves d and c behind them.
func (t tile) sum(rows int) {
	scope(func() {
		name, sums, right := fmt.Sprintf("%s%d", t.name, rows), zero(rows*t.vectors), vectors(t.vectors)
		scope(func() { t.products(name, rows, sums, right) })
		t.write(name, sums, right)
	})
}

// products emits the loop over k.
func (t tile) products(name string, rows int, sums, right []vector) {
	left, a, b, k := vectors(4), general(), general(), whole("k")
	emit("MOVD R%d, R%d", t.a, a)
	emit("MOVD R%d, R%d", t.b, b)
	label(name + "Loop")
	t.load(b, right)
	for i := range rows {
		x := left[i%len(left)]
		if i == 0 {
			emit("FMOVS (R%d), F%d", a, x)
		} else {
			emit("FMOVS (R%d)(R%d), F%d", a, t.aRow[i], x)
		}
		for j, y := range right {
			multiplyAddFirst(y, x, sums[i*t.vectors+j])
		}
	}
	emit("ADD R%d, R%d", t.aColumn, a)
	emit("ADD R%d, R%d", t.bRow, b)
	emit("SUB $1, R%d", k)
	emit("CBNZ R%d, %sLoop", k, name)
}

// load loads a row of the tile.
func (t tile) load(from register, row []vector) {
	for j, v := range row {
		t.lanes(from, j).loadTo(v, 0)
	}
}

func (t tile) lanes(at register, j int) lanes { return lanes{[]register{at}, 16 * j, t.single} }

// write multiplies the sums with alpha, adds bias and D to them where those are not nil, stores them, and moves d and c
// behind them. It overwrites row.
func (t tile) write(name string, sums, row []vector) {
	alpha := broadcast("alpha")
	for _, s := range sums {
		multiply(s, alpha, s)
	}
	emit("CBZ R%d, %sNoBias", t.bias, name)
	t.load(t.bias, row)
	for i, s := range sums {
		add(s, row[i%t.vectors], s)
	}
	label(name + "NoBias")
	emit("CBZ R%d, %sStore", t.d, name)
	for i := 0; i < len(sums); i += t.vectors {
		t.load(t.d, row)
		for j, old := range row {
			add(sums[i+j], old, sums[i+j])
		}
		emit("ADD R%d, R%d", t.ldd, t.d)
	}
	label(name + "Store")
	for i, s := range sums {
		t.lanes(t.c, i%t.vectors).store(s, 0)
		if i%t.vectors == t.vectors-1 {
			emit("ADD R%d, R%d", t.ldc, t.c)
		}
	}
}
