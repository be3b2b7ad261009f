package kernel

import "math"

// ToFloat16 rounds x to IEEE 754 half precision, to the nearest and ties to even. What is too large becomes infinite,
// NaN stays NaN: it becomes quiet and keeps the upper bits of its payload.
func ToFloat16(dst []uint16, x []float32) {
	checkLength(len(dst), len(x))
	n := wholeVectors(len(x))
	if n > 0 {
		active.toFloat16(dst[:n], x[:n])
	}
	toFloat16Generic(dst[n:], x[n:])
}

// FromFloat16 converts half precision to single precision, which holds every value of it. NaN becomes quiet and keeps
// its payload.
func FromFloat16(dst []float32, x []uint16) {
	checkLength(len(dst), len(x))
	n := wholeVectors(len(x))
	if n > 0 {
		active.fromFloat16(dst[:n], x[:n])
	}
	fromFloat16Generic(dst[n:], x[n:])
}

// ToBFloat16 rounds x to bfloat16, the upper half of a float32, to the nearest and ties to even. What is too large
// becomes infinite, NaN stays NaN: it becomes quiet and keeps the upper bits of its payload.
func ToBFloat16(dst []uint16, x []float32) {
	checkLength(len(dst), len(x))
	n := wholeVectors(len(x))
	if n > 0 {
		active.toUpperHalf(dst[:n], x[:n])
	}
	toUpperHalfGeneric(dst[n:], x[n:])
}

// FromBFloat16 converts bfloat16 to single precision, which holds every value of it.
func FromBFloat16(dst []float32, x []uint16) {
	checkLength(len(dst), len(x))
	n := wholeVectors(len(x))
	if n > 0 {
		active.fromUpperHalf(dst[:n], x[:n])
	}
	fromUpperHalfGeneric(dst[n:], x[n:])
}

// ToInt8 rounds x to whole numbers of a scale, which it returns: the largest magnitude divided by 127, all in float32 and ties to
// even. A vector below 2^-100, whose scale would be of few bits, becomes zeros of scale 0; x is finite.
func ToInt8(dst []int8, x []float32) (scale float32) {
	checkLength(len(dst), len(x))
	var largest float32
	for _, v := range x {
		largest = max(largest, v, -v)
	}
	if scale, _ = scales(math.Float32bits(largest)); scale == 0 {
		clear(dst)
		return 0
	}
	for i, v := range x {
		dst[i] = int8(math.RoundToEven(float64(v / scale)))
	}
	return scale
}

// FromInt8 multiplies whole numbers with their scale.
func FromInt8(dst []float32, x []int8, scale float32) {
	checkLength(len(dst), len(x))
	for i, v := range x {
		dst[i] = float32(v) * scale
	}
}

// wholeVectors is the part of n elements that fills vectors.
func wholeVectors(n int) int { return n / active.lanes * active.lanes }

func toFloat16Generic(dst []uint16, x []float32) {
	for i, v := range x {
		dst[i] = toFloat16(v)
	}
}

func fromFloat16Generic(dst []float32, x []uint16) {
	for i, v := range x {
		dst[i] = fromFloat16(v)
	}
}

func toUpperHalfGeneric(dst []uint16, x []float32) {
	for i, v := range x {
		dst[i] = upperHalf(v)
	}
}

func fromUpperHalfGeneric(dst []float32, x []uint16) {
	for i, v := range x {
		dst[i] = math.Float32frombits(uint32(v) << 16)
	}
}

// upperHalf rounds x to bfloat16.
func upperHalf(x float32) uint16 {
	bits := math.Float32bits(x)
	if bits&0x7fffffff > 0x7f800000 {
		return uint16(bits>>16 | 0x40)
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}
