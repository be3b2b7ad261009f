package kernel

// GemmTransposedAdd computes C += A'*B, where A is (k, m), B is (k, n) and C is (m, n), with both operands in precision
// Float32 or BFloat16: what the gradients of weights are made of.
func GemmTransposedAdd(precision Precision, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	if precision == Float32 {
		Gemm(true, false, m, n, k, 1, a, lda, b, ldb, 1, c, ldc)
		return
	}
	if precision != BFloat16 {
		panic("kernel: product of transposed operands in integers")
	}
	checkMatrix(true, m, k, a, lda)
	checkMatrix(false, k, n, b, ldb)
	checkMatrix(false, m, n, c, ldc)
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	block := depthBlock * active.bfloat16.depth
	for p := 0; p < k; p += block {
		for j := 0; j < n; j += columnBlock {
			s.addTransposed(m, min(columnBlock, n-j), min(block, k-p), a[p*lda:], lda, b[p*ldb+j:], ldb, c[j:], ldc)
		}
	}
}

// addTransposed is GemmTransposedAdd in BFloat16 of operands that the scratch has room for.
func (s *scratch) addTransposed(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	f, t, units := &active.bfloat16, active.tile, BFloat16.units(k)
	copyPairs(f.copyColumns, t.columns, s.b[:], b, ldb, k, n)
	block := t.rowBlock()
	for i := 0; i < m; i += block {
		rows := min(block, m-i)
		copyPairs(f.copyRows, t.rows, s.a[:], a[i:], lda, k, rows)
		for j := 0; j < n; j += t.columns {
			f.strip(rows, min(t.columns, n-j), units, 1, s.a[:], 1, t.rows, t.rows*units, s.b[j*units:], t.columns,
				nil, c[i*ldc+j:], ldc, c[i*ldc+j:], ldc)
		}
	}
}

// copyPairs lays out x, of (depth, columns), in panels of units of the given width, a few panels at a time, so that they
// stay in the cache while whole lines of x are read.
func copyPairs(into pairPanels, width int, dst, x []float32, ldx, depth, columns int) {
	units := BFloat16.units(depth)
	j := 0
	for ; j+width <= columns; j += fewPanels * width {
		into(dst[j*units:], width*units, x[j:], ldx, depth, min(fewPanels, (columns-j)/width), width)
	}
	if j = columns / width * width; j < columns {
		into(dst[j*units:], width*units, x[j:], ldx, depth, 1, columns-j)
	}
}
