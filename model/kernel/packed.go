package kernel

// Packed is a matrix B in the order in which GemmPacked reads it, so that a weight matrix is laid out once for many
// products.
type Packed struct {
	n, k   int
	panels []float32 // blocks of depthBlock rows, each (n/columns, rows, columns) with the tile's columns, n rounded up
}

// Pack lays out op(B), of (k, n): B is (n, k) with transB, as the weights of a linear layer are stored.
func Pack(transB bool, n, k int, b []float32, ldb int) *Packed {
	p := new(Packed)
	p.Repack(transB, n, k, b, ldb)
	return p
}

// Repack is Pack into the memory that p has already, after an optimiser step for example. No product with p may be
// under way.
func (p *Packed) Repack(transB bool, n, k int, b []float32, ldb int) {
	checkMatrix(transB, k, n, b, ldb)
	p.n, p.k = n, k
	width := active.tile.across(n)
	if cap(p.panels) < k*width {
		p.panels = make([]float32, k*width)
	}
	p.panels = p.panels[:k*width]
	if n == 0 || k == 0 {
		return
	}
	from := source{b, ldb, 1}
	if transB {
		from = source{b, 1, ldb}
	}
	for i := 0; i < k; i += depthBlock {
		packColumns(p.panels[i*width:], from.at(i, 0), min(depthBlock, k-i), n)
	}
}

// Columns returns n, the number of columns of a product with p.
func (p *Packed) Columns() int { return p.n }
