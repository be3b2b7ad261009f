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

// aliased tells whether consecutive rows of a panel fall on the same few cache lines: a stride that is a multiple of
// 4096 bytes halves the speed of the innermost loop.
func aliased(stride int) bool { return stride%1024 == 0 }

// A scratch is where panels are packed, once for every goroutine that multiplies at the same time.
type scratch struct {
	a [rowBlock * depthBlock]float32
	b [depthBlock * columnBlock]float32
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// right lays out b, of (depth, columns), in panels for a product with m rows. It returns them with the distances
// between two rows of a panel and between two panels. A matrix that is not transposed is read where it lies if too
// few rows would use the copy.
func (s *scratch) right(b source, depth, columns, m int) (panels []float32, row, panel int) {
	if b.column == 1 && m < 8*panelRows && !aliased(b.row) {
		return b.data, b.row, panelColumns
	}
	packColumns(s.b[:], b, depth, columns)
	return s.b[:], panelColumns, panelColumns * depth
}

// product computes C = alpha*A*B, or adds it to C, for A of (m, depth) and C of (m, n), with B in panels.
func (s *scratch) product(m, n, depth int, alpha float32, a source, panels []float32, row, panel int,
	c []float32, ldc int, accumulate bool) {
	for i := 0; i < m; i += rowBlock {
		rows := min(rowBlock, m-i)
		left, leftPanel := a.at(i, 0), panelRows*a.row
		if n > 2*panelColumns && (aliased(a.row) || a.column != 1) {
			packRows(s.a[:], left, rows, depth)
			left, leftPanel = source{s.a[:], 1, panelRows}, panelRows*depth
		}
		for j := 0; j < n; j += panelColumns {
			active.strip(rows, min(panelColumns, n-j), depth, alpha, left.data, left.row, left.column, leftPanel,
				panels[j/panelColumns*panel:], row, c[i*ldc+j:], ldc, accumulate)
		}
	}
}

// packRows lays out a, of (rows, depth), in panels: element (i, p) of a panel goes to p*panelRows + i. The rows that
// the last panel lacks are left as they are.
func packRows(dst []float32, a source, rows, depth int) {
	for i := 0; i < rows; i += panelRows {
		from, height := a.at(i, 0), min(panelRows, rows-i)
		if from.row == 1 && height == panelRows {
			for p := range depth {
				*(*[panelRows]float32)(dst[p*panelRows:]) = *(*[panelRows]float32)(from.data[p*from.column:])
			}
		} else {
			for r := range height {
				line := from.data[r*from.row:]
				for p := range depth {
					dst[p*panelRows+r] = line[p*from.column]
				}
			}
		}
		dst = dst[min(len(dst), panelRows*depth):]
	}
}

// packColumns lays out b, of (depth, columns), in panels: element (p, j) of a panel goes to p*panelColumns + j. The
// columns that the last panel lacks become 0.
func packColumns(dst []float32, b source, depth, columns int) {
	for j := 0; j < columns; j += panelColumns {
		panel, from, width := dst[:depth*panelColumns], b.at(0, j), min(panelColumns, columns-j)
		if width < panelColumns {
			clear(panel)
		}
		switch {
		case from.column != 1:
			active.transpose(panel, from.data, from.column, depth, width)
		case width == panelColumns:
			for p := range depth {
				*(*[panelColumns]float32)(panel[p*panelColumns:]) = *(*[panelColumns]float32)(from.data[p*from.row:])
			}
		default:
			for p := range depth {
				copy(panel[p*panelColumns:], from.data[p*from.row:][:width])
			}
		}
		dst = dst[len(panel):]
	}
}

// roundUp returns n, or the next multiple of panelColumns.
func roundUp(n int) int { return (n + panelColumns - 1) / panelColumns * panelColumns }
