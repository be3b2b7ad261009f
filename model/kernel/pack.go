package kernel

import "sync"

// A source is a matrix in memory: element (i, j) is data[i*row + j*column], and one of the two strides is 1.
type source struct {
	data        []float32
	row, column int
}

func (s source) at(i, j int) source {
	return source{s.data[i*s.row+j*s.column:], s.row, s.column}
}

const (
	fewPanels  = 8  // panels that are packed together
	fewColumns = 64 // so narrow a product does not repay packing A
	fewRows    = 48 // so few rows do not repay packing B where it is not transposed
)

// aliased tells whether consecutive rows of a panel fall on the same few cache lines: a stride that is a multiple of
// 4096 bytes halves the speed of the innermost loop.
func aliased(stride int) bool { return stride%1024 == 0 }

// A scratch is where panels are packed, once for every goroutine that multiplies at the same time.
type scratch struct {
	a [rowBlock*depthBlock + 2]float32
	b [depthBlock * columnBlock]float32
	narrowScratch
	attentionScratch
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// right lays out b, of (depth, columns), in panels for a product with m rows, in dst. It returns them with the distances
// between two rows of a panel and between two panels. A matrix that is not transposed is read where it lies if too
// few rows would use the copy.
func right(dst []float32, b source, depth, columns, m int) (panels []float32, row, panel int) {
	width := active.tile.columns
	if b.column == 1 && m < fewRows && !aliased(b.row) {
		return b.data, b.row, width
	}
	packColumns(dst, b, depth, columns)
	return dst, width, width * depth
}

// product computes C = alpha*A*B + bias + D for A of (m, depth) and C of (m, n), with B in panels. bias and d may be nil,
// and d may be c.
func (s *scratch) product(m, n, depth int, alpha float32, a source, panels []float32, row, panel int,
	bias, d []float32, ldd int, c []float32, ldc int) {
	tile := active.tile
	block := tile.rowBlock()
	for i := 0; i < m; i += block {
		rows := min(block, m-i)
		left, leftPanel := a.at(i, 0), tile.rows*a.row
		if n > fewColumns || aliased(a.row) || aliased(a.column) {
			packRows(s.a[:], left, rows, depth)
			left, leftPanel = source{s.a[:], 1, tile.rows}, tile.rows*depth
		}
		for j := 0; j < n; j += tile.columns {
			active.strip(rows, min(tile.columns, n-j), depth, alpha, left.data, left.row, left.column, leftPanel,
				panels[j/tile.columns*panel:], row, from(bias, j), from(d, i*ldd+j), ldd, c[i*ldc+j:], ldc)
		}
	}
}

// packRows lays out a, of (rows, depth), in panels: element (i, p) of a panel goes to p*rows + i. What the last
// panel lacks may hold anything. dst has 2 elements more than the panels take.
func packRows(dst []float32, a source, rows, depth int) {
	height := active.tile.rows
	if a.column == 1 {
		for i := 0; i < rows; i += height {
			active.transpose(dst[i*depth:], height, a.data[i*a.row:], a.row, depth, min(height, rows-i))
		}
		return
	}
	copyPanels(active.copyRows, height, dst, a.data, a.column, depth, rows)
}

// packColumns lays out b, of (depth, columns), in panels: element (p, j) of a panel goes to p*columns + j. What
// the last panel lacks may hold anything.
func packColumns(dst []float32, b source, depth, columns int) {
	width := active.tile.columns
	if b.row == 1 {
		for j := 0; j < columns; j += width {
			active.transpose(dst[j*depth:], width, b.data[j*b.column:], b.column, depth, min(width, columns-j))
		}
		return
	}
	copyPanels(active.copyColumns, width, dst, b.data, b.row, depth, columns)
}

// copyPanels lays out x, of (depth, columns), in panels of the given width, a few panels at a time, so that they stay
// in the cache while whole lines of x are read.
func copyPanels(whole func(dst []float32, panel int, x []float32, ldx, depth, count int), width int, dst, x []float32, ldx, depth, columns int) {
	j := 0
	for ; j+width <= columns; j += fewPanels * width {
		whole(dst[j*depth:], width*depth, x[j:], ldx, depth, min(fewPanels, (columns-j)/width))
	}
	if j = columns / width * width; j < columns {
		for p := range depth {
			copy(dst[j*depth+p*width:], x[p*ldx+j:][:columns-j])
		}
	}
}
