package kernel

import "math"

// Dot returns the sum of x[i]*y[i]. The slices have the same length.
func Dot(x, y []float32) float32 {
	checkLength(len(x), len(y))
	return active.dot(x, y)
}

// AtLeast writes the indices of the elements of x that are not below least into dst, rising, and returns how many there
// are. dst has room for as many as x has elements.
func AtLeast(dst []int32, x []float32, least float32) int {
	if len(dst) < len(x) {
		panic("kernel: too little room for indices")
	}
	return active.atLeast(dst, x, least)
}

// Axpy computes y += alpha*x.
func Axpy(alpha float32, x, y []float32) {
	checkLength(len(x), len(y))
	active.axpy(alpha, x, y)
}

// Add computes dst += x.
func Add(dst, x []float32) {
	checkLength(len(dst), len(x))
	active.add(dst, x)
}

// AddRows adds every row of x, of (rows, len(dst)), to dst, as Add would one after the other.
func AddRows(dst, x []float32, rows int) {
	checkLength(len(dst)*rows, len(x))
	if rows > 0 {
		active.addRows(dst, x, rows)
	}
}

// Scale computes x *= alpha.
func Scale(alpha float32, x []float32) { active.scale(alpha, x) }

// SumSquares returns the sum of x[i]*x[i], taken in float64.
func SumSquares(x []float32) float64 { return active.sumSquares(x) }

func checkLength(n, m int) {
	if n != m {
		panic("kernel: slices differ in length")
	}
}

func dotGeneric(x, y []float32) float32 {
	var s0, s1, s2, s3 float32
	y = y[:len(x)]
	for len(x) >= 4 {
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		s0 += v * y[i]
	}
	return (s0 + s2) + (s1 + s3)
}

func atLeastGeneric(dst []int32, x []float32, least float32) (n int) {
	for i, v := range x {
		if v >= least {
			dst[n] = int32(i)
			n++
		}
	}
	return n
}

func axpyGeneric(alpha float32, x, y []float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += alpha * v
	}
}

func addGeneric(dst, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] += v
	}
}

// addRowsGeneric returns addRows, given what adds one.
func addRowsGeneric(add func(dst, x []float32)) func(dst, x []float32, rows int) {
	return func(dst, x []float32, rows int) {
		for i := range rows {
			add(dst, x[i*len(dst):(i+1)*len(dst)])
		}
	}
}

func scaleGeneric(alpha float32, x []float32) {
	for i := range x {
		x[i] *= alpha
	}
}

func sumSquaresGeneric(x []float32) float64 {
	var s0, s1 float64
	for len(x) >= 2 {
		s0 += float64(x[0]) * float64(x[0])
		s1 += float64(x[1]) * float64(x[1])
		x = x[2:]
	}
	for _, v := range x {
		s0 += float64(v) * float64(v)
	}
	return s0 + s1
}

// maximum returns the greatest element of x; elements that are NaN do not count.
func maximum(x []float32) float32 {
	largest := float32(math.Inf(-1))
	for _, v := range x {
		if v > largest {
			largest = v
		}
	}
	return largest
}
