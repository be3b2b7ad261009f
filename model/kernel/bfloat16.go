package kernel

import "math"

// bfloat16 is how an instruction set multiplies rounded operands.
type bfloat16 struct {
	depth       int                    // elements of k a unit: 2, or 1 where it rounds float32 operands and multiplies those
	convert     func(dst, x []float32) // x to units; what the last unit lacks is 0
	strip       strip
	multiplyAdd func(rounds int) // see Peak; nil where there is none
}

// toBFloat16 rounds x to bfloat16, the upper half of a float32, to the nearest and ties to even. NaN stays NaN, and what
// is too small for a normal float32 becomes 0, as the instruction does it.
func toBFloat16(x float32) uint32 {
	bits := math.Float32bits(x)
	switch {
	case bits&0x7fffffff > 0x7f800000:
		return bits>>16 | 0x40
	case bits&0x7f800000 == 0:
		return bits >> 16 & 0x8000
	}
	return (bits + 0x7fff + bits>>16&1) >> 16
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
