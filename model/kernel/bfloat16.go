package kernel

import "math"

// bfloat16 is how an instruction set multiplies rounded operands.
type bfloat16 struct {
	depth   int                    // elements of k a unit: 2, or 1 where it rounds float32 operands and multiplies those
	convert func(dst, x []float32) // x to units; what the last unit lacks is 0
	strip   strip
	// copyRows and copyColumns convert rows of a matrix, so many elements of k, and put them into panels as wide as the
	// tile has rows or columns: see pairPanelsGeneric.
	copyRows    pairPanels
	copyColumns pairPanels
	multiplyAdd func(rounds int) // see Peak; nil where there is none
}

// roundedTo is how an instruction set that has none for bfloat16 multiplies rounded float32.
func roundedTo(t tile, strip strip) bfloat16 {
	return bfloat16{depth: 1, convert: roundGeneric, strip: strip, copyRows: roundPanels(t.rows), copyColumns: roundPanels(t.columns)}
}

type pairPanels func(dst []float32, panel int, x []float32, ldx, depth, count, columns int)

// toBFloat16 rounds x to bfloat16 as the instruction does it: what is too small for a normal float32 becomes 0.
func toBFloat16(x float32) uint32 {
	if bits := math.Float32bits(x); bits&0x7f800000 == 0 {
		return bits >> 16 & 0x8000
	}
	return uint32(upperHalf(x))
}

// pairsGeneric computes units of two bfloat16.
func pairsGeneric(dst, x []float32) {
	for i := range (len(x) + 1) / 2 {
		unit := toBFloat16(x[2*i])
		if 2*i+1 < len(x) {
			unit |= toBFloat16(x[2*i+1]) << 16
		}
		dst[i] = math.Float32frombits(unit)
	}
}

// roundGeneric rounds x to bfloat16 and leaves it float32.
func roundGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = math.Float32frombits(toBFloat16(v) << 16)
	}
}

// pairPanelsGeneric returns what copies so many columns of x, of (depth, count panels of width), to each of count panels,
// panel apart, with units of two elements, one below the other in x. What the last unit lacks is 0.
func pairPanelsGeneric(width int) pairPanels {
	return func(dst []float32, panel int, x []float32, ldx, depth, count, columns int) {
		var pair [2]float32
		for p := 0; p < depth; p += 2 {
			for i := range count {
				for j := range columns {
					at := p*ldx + i*width + j
					if pair = [2]float32{x[at]}; p+1 < depth {
						pair[1] = x[at+ldx]
					}
					pairsGeneric(dst[i*panel+p/2*width+j:], pair[:])
				}
			}
		}
	}
}

// roundPanels is pairPanelsGeneric for units of one element.
func roundPanels(width int) pairPanels {
	return func(dst []float32, panel int, x []float32, ldx, depth, count, columns int) {
		for p := range depth {
			for i := range count {
				roundGeneric(dst[i*panel+p*width:], x[p*ldx+i*width:][:columns])
			}
		}
	}
}
