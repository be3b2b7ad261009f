package kernel

const (
	depthBlock  = 768  // part of k summed in registers before C is touched: a panel of B takes 48 KiB for 16 columns
	rowBlock    = 98   // at most so many rows of A pass over all panels of B: 294 KiB, within a 512 KiB L2 cache
	columnBlock = 1536 // columns of B that are packed at once: 4.5 MiB, and A is packed once for each block
)

// A tile is the part of C that the innermost loop sums in registers: a panel of A times a panel of B.
type tile struct{ rows, columns int }

// rowBlock is the number of rows of A that pass over all panels of B, a multiple of the tile's.
func (t tile) rowBlock() int { return rowBlock / t.rows * t.rows }

// across returns n, or the next multiple of the tile's columns.
func (t tile) across(n int) int { return (n + t.columns - 1) / t.columns * t.columns }

// Gemm computes C = alpha*op(A)*op(B) + beta*C, where op(A) is (m, k), op(B) is (k, n) and C is (m, n), and op is the
// transpose where transA or transB says so. With beta 0, C is not read; with alpha 0 or k 0, A and B are not.
func Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int,
	beta float32, c []float32, ldc int) {
	checkMatrix(transA, m, k, a, lda)
	checkMatrix(transB, k, n, b, ldb)
	checkMatrix(false, m, n, c, ldc)
	if m == 0 || n == 0 {
		return
	}
	if k == 0 || alpha == 0 || beta != 0 && beta != 1 {
		scaleRows(m, n, beta, c, ldc)
	}
	if k == 0 || alpha == 0 {
		return
	}
	operand := source{b, 1, ldb}
	if !transB {
		operand = source{b, ldb, 1}
	}
	left := source{a, lda, 1}
	if transA {
		left = source{a, 1, lda}
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	for p := 0; p < k; p += depthBlock {
		depth := min(depthBlock, k-p)
		for j := 0; j < n; j += columnBlock {
			columns := min(columnBlock, n-j)
			panels, row, panel := right(s.b[:], operand.at(p, j), depth, columns, m)
			var d []float32
			if p > 0 || beta != 0 {
				d = c[j:]
			}
			s.product(m, columns, depth, alpha, left.at(0, p), panels, row, panel, nil, d, ldc, c[j:], ldc)
		}
	}
}

// GemmPacked computes C = A*op(B) + bias, where A is (m, k) and C is (m, n); bias has n elements and is added to every
// row, or is nil.
func GemmPacked(m int, a []float32, lda int, b *Packed, bias []float32, c []float32, ldc int) {
	GemmPackedAdd(m, a, lda, b, bias, nil, 1, c, ldc)
}

// GemmPackedAdd computes C = A*op(B) + bias + D as GemmPacked does, where D is (m, n), or nil. D may be C, which adds
// the product to it.
func GemmPackedAdd(m int, a []float32, lda int, b *Packed, bias, d []float32, ldd int, c []float32, ldc int) {
	checkMatrix(false, m, b.k, a, lda)
	checkMatrix(false, m, b.n, c, ldc)
	if d != nil {
		checkMatrix(false, m, b.n, d, ldd)
	}
	if bias != nil && len(bias) != b.n {
		panic("kernel: bias does not have n elements")
	}
	if m == 0 || b.n == 0 {
		return
	}
	if b.k == 0 {
		for i := range m * b.n {
			i, j := i/b.n, i%b.n
			storeTile(c[i*ldc+j:], []float32{0}, 0, from(bias, j), from(d, i*ldd+j))
		}
		return
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	if b.Precision != Float32 {
		s.narrow(m, a, lda, b, bias, d, ldd, c, ldc)
		return
	}
	columns := active.tile.columns
	width := active.tile.across(b.n)
	for p := 0; p < b.k; p += depthBlock {
		depth := min(depthBlock, b.k-p)
		s.product(m, b.n, depth, 1, source{a[p:], lda, 1}, b.panels[p*width:], columns, columns*depth,
			bias, d, ldd, c, ldc)
		bias, d, ldd = nil, c, ldc
	}
}

// scaleRows computes C = beta*C for C of (m, n); with beta 0 it clears C without reading it.
func scaleRows(m, n int, beta float32, c []float32, ldc int) {
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if beta == 0 {
			clear(row)
		} else {
			Scale(beta, row)
		}
	}
}

// checkMatrix panics unless x holds a matrix whose op is (rows, columns).
func checkMatrix(transposed bool, rows, columns int, x []float32, ld int) {
	if rows < 0 || columns < 0 {
		panic("kernel: negative dimension")
	}
	if transposed {
		rows, columns = columns, rows
	}
	if ld < columns || ld < 1 {
		panic("kernel: leading dimension is less than the row length")
	}
	if rows > 0 && columns > 0 && len(x) < (rows-1)*ld+columns {
		panic("kernel: matrix is shorter than its shape")
	}
}
