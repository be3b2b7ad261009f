package kernel

import "math"

// maxColumns is the most that a tile has.
const maxColumns = 32

// stripInt8Generic returns what computes, for units of so many integers and for i < m and j < n <= the tile's columns,
//
//	C(i, j) = rowScales[i] * columnScales[j] * (start[j] + sum over p < k of A(i, p)*b[p*bRow+j]) + bias[j] + D(i, j)
//
// where A, C and D are as in stripGeneric and the product of two units is that of their integers, those of A unsigned.
func stripInt8Generic(depth int) stripInt8 {
	return func(m, n, k int, start []int32, rowScales, columnScales []float32, a []float32, aRow, aColumn, aPanel int,
		b []float32, bRow int, bias, d []float32, ldd int, c []float32, ldc int) {
		rows := genericTile.rows
		var all [maxColumns]int32
		var scaled [maxColumns]float32
		sums := all[:n]
		for i := range m {
			left := a[i/rows*aPanel+i%rows*aRow:]
			copy(sums, start)
			for p := range k {
				addUnits(sums, math.Float32bits(left[p*aColumn]), b[p*bRow:], depth)
			}
			for j, s := range sums {
				scaled[j] = float32(s) * rowScales[i] * columnScales[j]
			}
			storeTile(c[i*ldc:], scaled[:n], 1, bias, from(d, i*ldd))
		}
	}
}

// addUnits adds the products of x with every unit of y to sums.
func addUnits(sums []int32, x uint32, y []float32, depth int) {
	if depth == 2 {
		for j := range sums {
			unit := math.Float32bits(y[j])
			sums[j] += int32(x&0xffff)*int32(int16(unit)) + int32(x>>16)*int32(int16(unit>>16))
		}
		return
	}
	x0, x1, x2, x3 := int32(x&0xff), int32(x>>8&0xff), int32(x>>16&0xff), int32(x>>24)
	for j := range sums {
		unit := math.Float32bits(y[j])
		sums[j] += x0*int32(int8(unit)) + x1*int32(int8(unit>>8)) + x2*int32(int8(unit>>16)) + x3*int32(int8(unit>>24))
	}
}
