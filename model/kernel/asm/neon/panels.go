package main

import "fmt"

// panels emits the copy of rows of a matrix into panels that are width elements wide, an even number.
func panels(width int) {
	const signature = "func(dst []float32, panel int, x []float32, ldx, depth, count int)"
	name := fmt.Sprintf("panels%dNEON", width)
	what := fmt.Sprintf("is panelsGeneric for panels %d wide. depth and count are at least 1.", width)
	define(name, signature, what, func() {
		dst, x, depth, panel, ldx := base("dst"), base("x"), whole("depth"), bytes("panel"), bytes("ldx")
		to, from, count := general(), general(), general()
		label("row")
		emit("MOVD R%d, R%d", dst, to)
		emit("MOVD R%d, R%d", x, from)
		emit("MOVD count+%d(FP), R%d", f.offsets["count"], count)
		label("panel")
		for j := 0; j < width; j += 4 {
			move := "FMOVQ"
			if width-j == 2 {
				move = "FMOVD"
			}
			emit("%s %d(R%d), F%d", move, 4*j, from, j/4)
			emit("%s F%d, %d(R%d)", move, j/4, 4*j, to)
		}
		emit("ADD $%d, R%d", 4*width, from)
		emit("ADD R%d, R%d", panel, to)
		emit("SUB $1, R%d", count)
		emit("CBNZ R%d, panel", count)
		emit("ADD $%d, R%d", 4*width, dst)
		emit("ADD R%d, R%d", ldx, x)
		emit("SUB $1, R%d", depth)
		emit("CBNZ R%d, row", depth)
	})
}

// transpose emits the transpose of four rows, four columns at a time. A row at or beyond width is read as the last one
// is.
func transpose() {
	const what = "computes dst[p*stride+j] = x[min(j, width-1)*ldx+p] for p < depth and then j < 4: where stride is\n" +
		"// less than 4, the next p overwrites. depth is a multiple of 4 and above 0, and width is at least 1."
	define("transposeNEON", "func(dst []float32, stride int, x []float32, ldx, depth, width int)", what, func() {
		dst, depth, width, ldx, stride := base("dst"), whole("depth"), whole("width"), bytes("ldx"), bytes("stride")
		rows := []register{base("x")}
		for i := 1; i < 4; i++ {
			row := general()
			emit("ADD R%d, R%d, R%d", ldx, rows[i-1], row)
			emit("CMP $%d, R%d", i, width)
			emit("CSEL GT, R%d, R%d, R%d", row, rows[i-1], row)
			rows = append(rows, row)
		}
		label("loop")
		v, pairs := vectors(4), vectors(4)
		for i, row := range rows {
			emit("FMOVQ.P 16(R%d), F%d", row, v[i])
		}
		for i, from := range [][2]int{{0, 1}, {0, 1}, {2, 3}, {2, 3}} { // even columns of two rows, odd ones
			emit("VTRN%d V%d.S4, V%d.S4, V%d.S4", i%2+1, v[from[1]], v[from[0]], pairs[i])
		}
		for i := range 4 { // columns 0 and 1 are the first halves of pairs
			emit("VTRN%d V%d.D2, V%d.D2, V%d.D2", i/2+1, pairs[i%2+2], pairs[i%2], v[i])
			emit("FMOVQ F%d, (R%d)", v[i], dst)
			emit("ADD R%d, R%d", stride, dst)
		}
		emit("SUB $4, R%d", depth)
		emit("CBNZ R%d, loop", depth)
	})
}
