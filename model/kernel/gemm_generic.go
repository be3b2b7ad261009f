package kernel

// genericTile is shared with AVX2.
var genericTile = tile{rows: 6, columns: 16}

// stripGeneric computes, for i < m and j < n <= the tile's columns,
//
//	C(i, j) = alpha * (sum over p < k of A(i, p)*b[p*bRow+j]) + bias[j] + D(i, j)
//
// where A(i, p) = a[i/rows*aPanel + i%rows*aRow + p*aColumn], rows are the tile's, C(i, j) = c[i*ldc+j] and
// D(i, j) = d[i*ldd+j].
// bias and d may be nil, and d may be c. It reads and writes nothing else of b, bias, c and d.
func stripGeneric(m, n, k int, alpha float32, a []float32, aRow, aColumn, aPanel int, b []float32, bRow int,
	bias, d []float32, ldd int, c []float32, ldc int) {
	rows := genericTile.rows
	for i := 0; i < m; {
		left := a[i/rows*aPanel+i%rows*aRow:]
		height := min(2, rows-i%rows, m-i)
		for j := 0; j < n; j += 4 {
			var sum [2][4]float32
			switch {
			case n-j < 4:
				for r := range height {
					tileEdge(&sum[r], left[r*aRow:], aColumn, b[j:], bRow, n-j, k)
				}
			case height == 2:
				tile2x4(&sum, left, aRow, aColumn, b[j:], bRow, k)
			default:
				tile1x4(&sum[0], left, aColumn, b[j:], bRow, k)
			}
			for r := range height {
				storeTile(c[(i+r)*ldc+j:], sum[r][:min(4, n-j)], alpha, from(bias, j), from(d, (i+r)*ldd+j))
			}
		}
		i += height
	}
}

// tile2x4 sums two rows by four columns in registers.
func tile2x4(sum *[2][4]float32, a []float32, aRow, aColumn int, b []float32, bRow, k int) {
	var s00, s01, s02, s03, s10, s11, s12, s13 float32
	second := a[aRow:]
	for p := range k {
		x0, x1 := a[p*aColumn], second[p*aColumn]
		y := (*[4]float32)(b[p*bRow:])
		s00 += x0 * y[0]
		s01 += x0 * y[1]
		s02 += x0 * y[2]
		s03 += x0 * y[3]
		s10 += x1 * y[0]
		s11 += x1 * y[1]
		s12 += x1 * y[2]
		s13 += x1 * y[3]
	}
	*sum = [2][4]float32{{s00, s01, s02, s03}, {s10, s11, s12, s13}}
}

// tile1x4 is tile2x4 for a single row.
func tile1x4(sum *[4]float32, a []float32, aColumn int, b []float32, bRow, k int) {
	var s0, s1, s2, s3 float32
	for p := range k {
		x := a[p*aColumn]
		y := (*[4]float32)(b[p*bRow:])
		s0 += x * y[0]
		s1 += x * y[1]
		s2 += x * y[2]
		s3 += x * y[3]
	}
	*sum = [4]float32{s0, s1, s2, s3}
}

// tileEdge sums one row by fewer than four columns.
func tileEdge(sum *[4]float32, a []float32, aColumn int, b []float32, bRow, n, k int) {
	for j := range n {
		var s float32
		for p := range k {
			s += a[p*aColumn] * b[p*bRow+j]
		}
		sum[j] = s
	}
}

func storeTile(c, sum []float32, alpha float32, bias, d []float32) {
	for j, s := range sum {
		s *= alpha
		if bias != nil {
			s += bias[j]
		}
		if d != nil {
			s += d[j]
		}
		c[j] = s
	}
}

// from returns x[i:], and nil for nil.
func from(x []float32, i int) []float32 {
	if x == nil {
		return nil
	}
	return x[i:]
}

// panelsGeneric copies rows of x, ldx apart, to so many panels, panel apart: it computes
// dst[i*panel+p*width+j] = x[p*ldx+i*width+j] for p < depth, i < count and j < width.
func panelsGeneric(width int) func(dst []float32, panel int, x []float32, ldx, depth, count int) {
	return func(dst []float32, panel int, x []float32, ldx, depth, count int) {
		for p := range depth {
			for i := range count {
				copy(dst[i*panel+p*width:], x[p*ldx+i*width:][:width])
			}
		}
	}
}

// transposeGeneric computes dst[p*stride+j] = x[j*ldx+p] for p < depth and j < width <= stride.
func transposeGeneric(dst []float32, stride int, x []float32, ldx, depth, width int) {
	for j := range width {
		for p, v := range x[j*ldx:][:depth] {
			dst[p*stride+j] = v
		}
	}
}
