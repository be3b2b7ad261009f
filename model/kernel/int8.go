package kernel

import "math"

// A product of integers is, with s the scale of a row of A and t that of a column of B,
//
//	C(i, j) = s(i) * t(j) * sum over p of a(i, p)*b(p, j) + bias(j) + D(i, j)
//
// where a(i, p) = A'(i, p)/s(i) and b(p, j) = B'(p, j)/t(j), rounded to integers from -127 to 127. A' and B' are A and B with every
// 64 elements of k turned by a Hadamard matrix, which leaves their product as it is and spreads the few large elements that
// rows of activations and weights have, so that they do not take the precision of all others (arXiv 2404.00456). Products
// are of unsigned with signed bytes, so 128 is added to a, and sums start at -128 times the sum of b's column.

// integers is how an instruction set multiplies integers.
type integers struct {
	depth       int                                                       // integers of k a unit: 4, or 2 of 16 bits
	rotate      func(dst, x []float32) uint32                             // see rotateGeneric
	quantize    func(dst, x []float32, inverse float32, offset int32)     // see quantizeGeneric
	rounding    func(x []float32, inverse float32) (sum, squares float32) // see roundingGeneric
	strip       stripInt8                                                 // see stripInt8Generic
	multiplyAdd func(rounds int)                                          // see Peak; nil where there is none
}

type stripInt8 func(m, n, k int, start []int32, rowScales, columnScales []float32, a []float32, aRow, aColumn, aPanel int,
	b []float32, bRow int, bias, d []float32, ldd int, c []float32, ldc int)

const (
	rotated = 64      // elements that are turned together
	offset  = 128     // of the integers of A
	maxSum  = 1 << 16 // products of them that a sum in 32 bits holds
)

// activations converts a row of A to units and returns its scale.
func (s *scratch) activations(units, x []float32) (scale float32) {
	scale, inverse := scales(s.rotate(x))
	active.int8.quantize(units, s.row, inverse, offset)
	return scale
}

// weights converts a column of B to units and returns its scale, where its sums start, and how far it is off.
func (s *scratch) weights(units, x []float32) (scale float32, start int32, off float32) {
	scale, inverse := scales(s.rotate(x))
	active.int8.quantize(units, s.row, inverse, 0)
	sum, squares := active.int8.rounding(s.row, inverse)
	return scale / rotated, -offset * int32(sum), rounded(scale, squares)
}

// rounded is the length of what rounding takes off a vector, or adds, given the sum of squares of that in units of the scale.
func rounded(scale, squares float32) float32 {
	return scale * float32(math.Sqrt(float64(squares)/rotated))
}

// rotate puts x, turned and filled up with zeros, into s.row, and returns the bits of the largest magnitude.
func (s *scratch) rotate(x []float32) uint32 {
	s.row = grown(s.row, (len(x)+rotated-1)/rotated*rotated)
	whole := len(x) / rotated * rotated
	largest := active.int8.rotate(s.row, x[:whole])
	if rest := s.row[whole:]; len(rest) > 0 {
		clear(rest[copy(rest, x[whole:]):])
		largest = max(largest, active.int8.rotate(rest, rest))
	}
	return largest
}

// scales returns what 1 stands for if 127 stands for the magnitude with these bits, and the inverse. It is 0 for
// magnitudes whose inverse would be infinite, and NaN for infinite ones and NaN.
func scales(bits uint32) (scale, inverse float32) {
	size := math.Float32frombits(bits)
	switch {
	case size < 0x1p-100:
		return 0, 0
	case size <= math.MaxFloat32:
		return size / 127, 127 / size
	}
	return float32(math.NaN()), 0
}

// rotateGeneric multiplies every 64 elements of x with the Hadamard matrix of ones and minus ones, and returns the bits
// of the largest magnitude; those of NaN are above all others. dst may be x.
func rotateGeneric(dst, x []float32) (largest uint32) {
	for ; len(x) >= rotated; dst, x = dst[rotated:], x[rotated:] {
		v := [rotated]float32(x)
		for stride := rotated / 2; stride > 0; stride /= 2 {
			for i := range v {
				if i&stride == 0 {
					v[i], v[i+stride] = v[i]+v[i+stride], v[i]-v[i+stride]
				}
			}
		}
		for i, y := range v {
			dst[i] = y
			largest = max(largest, math.Float32bits(y)&math.MaxInt32)
		}
	}
	return largest
}

// quantizeGeneric returns what rounds x*inverse to integers, ties to even, adds offset, and puts them into units of so many.
func quantizeGeneric(depth int) func(dst, x []float32, inverse float32, offset int32) {
	width := 32 / depth
	return func(dst, x []float32, inverse float32, offset int32) {
		for i := range len(x) / depth {
			var unit uint32
			for j, v := range x[i*depth:][:depth] {
				q := int32(math.RoundToEven(float64(v*inverse))) + offset
				unit |= uint32(q) & (1<<width - 1) << (j * width)
			}
			dst[i] = math.Float32frombits(unit)
		}
	}
}

// roundingGeneric returns the sum of x*inverse, rounded to integers, ties to even, which a float32 holds, and the sum of
// squares of what that takes off or adds.
func roundingGeneric(x []float32, inverse float32) (sum, squares float32) {
	for _, v := range x {
		v *= inverse
		whole := float32(math.RoundToEven(float64(v)))
		sum += whole
		squares += (v - whole) * (v - whole)
	}
	return sum, squares
}

// Int8Error returns the length of what rounding for a product of precision Int8 takes off x, or adds. Two vectors of the
// lengths a and b that are off by p and q have a product that is off by p*(b+q) + a*q at most, and by the rounding of
// float32.
func Int8Error(x []float32) float32 {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	scale, inverse := scales(s.rotate(x))
	_, squares := active.int8.rounding(s.row, inverse)
	return rounded(scale, squares)
}

// Int8Errors returns the Int8Error of every column of a matrix that is packed for products of precision Int8; they change
// with the next Repack.
func (p *Packed) Int8Errors() []float32 { return p.errors[:p.n] }
