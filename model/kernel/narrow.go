package kernel

// Precision is what operands of a product are rounded to; sums and results are float32.
//
// A unit is 32 bits of such an operand: a float32, two bfloat16, or two or four integers, which follow each other in k.
// Units lie in panels as float32 do and are moved as such, whatever their bits mean.
type Precision int

// The precisions. BFloat16 and Int8 work with all instructions, and are fast where there are instructions for them:
// FERRY_CPU=avx512_bf16 and avx512_vnni, Int8 also in avx2.
const (
	Float32  Precision = iota
	BFloat16           // float32 with 8 bits of mantissa
	Int8               // integers from -127 to 127 with a scale a row of A and a column of B; see int8.go
)

// strip multiplies rows of A with one panel of B: see stripGeneric.
type strip func(m, n, k int, alpha float32, a []float32, aRow, aColumn, aPanel int, b []float32, bRow int,
	bias, d []float32, ldd int, c []float32, ldc int)

// units is the number of units that k elements take.
func (p Precision) units(k int) int {
	switch p {
	case BFloat16:
		return (k + active.bfloat16.depth - 1) / active.bfloat16.depth
	case Int8:
		return (k + rotated - 1) / rotated * rotated / active.int8.depth
	}
	return k
}

// narrowScratch is where operands are converted and packed.
type narrowScratch struct {
	row    []float32 // one row, before it is converted
	units  []float32 // some rows of units
	panels []float32 // the same in panels
	scales []float32 // of those rows
}

// narrow lays out op(B), of (k, n), as Repack says.
func (p *Packed) narrow(transB bool, b []float32, ldb int) {
	width := active.tile.columns
	if p.Precision == BFloat16 && !transB {
		copyPairs(active.bfloat16.copyColumns, width, p.panels, b, ldb, p.k, p.n)
		return
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	padded := len(p.panels) / p.units
	p.scales, p.start, p.errors = grown(p.scales, padded), grown(p.start, padded), grown(p.errors, padded)
	s.units = grown(s.units, width*p.units)
	column := make([]float32, p.k)
	for j := 0; j < p.n; j += width {
		columns := min(width, p.n-j)
		for i := range columns {
			units, from := part(s.units, i, p.units), column
			if transB {
				from = b[(j+i)*ldb:][:p.k]
			} else {
				for q := range column {
					column[q] = b[q*ldb+j+i]
				}
			}
			if p.Precision == Int8 {
				p.scales[j+i], p.start[j+i], p.errors[j+i] = s.weights(units, from)
			} else {
				active.bfloat16.convert(units, from)
			}
		}
		active.transpose(p.panels[j*p.units:], width, s.units, p.units, p.units, columns)
	}
}

// narrow computes C = A*B + bias + D in the precision of b.
func (s *scratch) narrow(m int, a []float32, lda int, b *Packed, bias, d []float32, ldd int, c []float32, ldc int) {
	t, k := active.tile, b.units
	block := max(1, rowBlock*depthBlock/(t.rows*k)) * t.rows // rows of A that take as much of the cache as float32 would
	for i := 0; i < m; i += block {
		rows := min(block, m-i)
		s.left(a[i*lda:], lda, rows, b)
		for j := 0; j < b.n; j += t.columns {
			n, panel, panels := min(t.columns, b.n-j), t.rows*k, b.panels[j*k:]
			if b.Precision == Int8 {
				active.int8.strip(rows, n, k, b.start[j:], s.scales, b.scales[j:], s.panels, 1, t.rows, panel, panels, t.columns,
					from(bias, j), from(d, i*ldd+j), ldd, c[i*ldc+j:], ldc)
			} else {
				active.bfloat16.strip(rows, n, k, 1, s.panels, 1, t.rows, panel, panels, t.columns,
					from(bias, j), from(d, i*ldd+j), ldd, c[i*ldc+j:], ldc)
			}
		}
	}
}

// left converts rows of A and lays them out in panels. What the last panel lacks may hold anything.
func (s *scratch) left(a []float32, lda, rows int, b *Packed) {
	height, k := active.tile.rows, b.units
	s.units, s.scales = grown(s.units, height*k), grown(s.scales, rows)
	s.panels = grown(s.panels, (rows+height)*k+16)
	for i := 0; i < rows; i += height {
		some := min(height, rows-i)
		for r := range some {
			row, units := a[(i+r)*lda:][:b.k], part(s.units, r, k)
			if b.Precision == Int8 {
				s.scales[i+r] = s.activations(units, row)
			} else {
				active.bfloat16.convert(units, row)
			}
		}
		active.transpose(s.panels[i*k:], height, s.units, k, k, some)
	}
}

// part returns the i-th n elements of x.
func part(x []float32, i, n int) []float32 { return x[i*n : (i+1)*n] }
