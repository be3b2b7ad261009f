package kernel

import "math"

func toFloat16(x float32) uint16 {
	bits := math.Float32bits(x)
	sign := uint16(bits >> 16 & 0x8000)
	size := bits & 0x7fffffff
	switch {
	case size > 0x7f800000: // NaN: keep the top of its payload, and quiet it
		return sign | 0x7e00 | uint16(size>>13&0x3ff)
	case size >= 0x477ff000: // rounds to 65536 or more
		return sign | 0x7c00
	case size < 0x38800000: // below 2^-14: adding 1/2 lets the FPU round to multiples of 2^-24
		small := math.Float32frombits(size) + 0.5
		return sign | uint16(math.Float32bits(small)-math.Float32bits(0.5))
	}
	size += 0xfff + size>>13&1 // round to even, carrying into the exponent
	return sign | uint16((size-(127-15)<<23)>>13)
}

func fromFloat16(x uint16) float32 {
	sign, size := uint32(x&0x8000)<<16, uint32(x&0x7fff)
	switch {
	case size > 0x7c00: // NaN: keep its payload, and quiet it
		return math.Float32frombits(sign | 0x7fc00000 | size&0x3ff<<13)
	case size == 0x7c00:
		return math.Float32frombits(sign | 0x7f800000)
	case size < 0x400: // subnormal: size is a multiple of 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(size)*(1.0/(1<<24))))
	}
	return math.Float32frombits(sign | size<<13 + (127-15)<<23)
}
