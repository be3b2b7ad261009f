package kernel

// Packed is a matrix B in the order in which GemmPacked reads it, so that a weight matrix is laid out once for many
// products.
type Packed struct {
	// Precision is that of the products, which have both operands in it. It is set before Repack.
	Precision Precision

	n, k   int
	units  int       // of k, where operands are narrower than float32
	panels []float32 // blocks of depthBlock rows, each (n/columns, rows, columns) with the tile's columns, n rounded up
	scales []float32 // of integers: (n rounded up), what 1 stands for
	errors []float32 // of integers: (n rounded up), see Int8Error
	start  []int32   // of integers: (n rounded up), what takes back the offset of A
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
	if p.Precision == Int8 && k > maxSum {
		panic("kernel: sum of integers is too long")
	}
	p.n, p.k = n, k
	p.units = p.Precision.units(k)
	width := active.tile.across(n)
	p.panels = grown(p.panels, p.units*width)
	if n == 0 || k == 0 {
		return
	}
	if p.Precision != Float32 {
		p.narrow(transB, b, ldb)
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

// grown returns n elements, those of x where it has room for them.
func grown[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}

// LargePages is LargePages of what products read.
func (p *Packed) LargePages() { LargePages(p.panels) }

// Columns returns n, the number of columns of a product with p.
func (p *Packed) Columns() int { return p.n }
