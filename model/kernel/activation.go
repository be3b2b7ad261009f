package kernel

import "math"

// Exp computes dst[i] = e^x[i], within 2 units in the last place. dst may be x.
func Exp(dst, x []float32) {
	checkLength(len(dst), len(x))
	active.exp(dst, x)
}

// Softmax computes x[i] = e^x[i] / sum of e^x[j] over the whole slice. Elements of minus infinity become 0; a slice of
// nothing else becomes NaN, as does one that holds a NaN or plus infinity.
func Softmax(x []float32) { active.softmax(x) }

// GELU computes dst[i] = x[i]*P(x[i]), where P is the distribution function of the standard normal: the form with erf,
// not the one with tanh (arXiv 1606.08415). The absolute error is below 1e-6, or x times 2.5e-7 above 4. dst may be x.
func GELU(dst, x []float32) {
	checkLength(len(dst), len(x))
	active.gelu(dst, x)
}

// GELUBackward computes dx[i] = dy[i] * (P(x[i]) + x[i]*p(x[i])), where p is the density of the standard normal and x
// is what GELU was given; the error is below 1e-6 times dy[i]. dx may be dy or x.
func GELUBackward(dx, x, dy []float32) {
	checkLength(len(dx), len(x))
	checkLength(len(dx), len(dy))
	active.geluBackward(dx, x, dy)
}

// Constants of exp: x = n*ln 2 + r, where ln 2 is split in two so that n*ln2High is exact, and the polynomial in r that is
// nearest to (e^r - 1 - r)/r^2 for |r| <= ln 2 / 2.
const (
	log2E       = math.Log2E
	ln2High     = 355.0 / 512
	ln2Low      = math.Ln2 - ln2High
	expLowest   = -150 // e^x is 0 in float32 from about -104 on
	expHighest  = 130  // and infinite from about 88.8 on
	roundNumber = 3 << 22
	exp0        = 0.49999993
	exp1        = 0.1666652
	exp2        = 0.041668388
	exp3        = 0.008368717
	exp4        = 0.0013814599
)

// exp returns e^x: a polynomial with a relative error below 4e-9, times 2^n in two steps, so that results down to the
// smallest subnormal come out.
func exp(x float32) float32 {
	switch {
	case x > expHighest:
		x = expHighest
	case x < expLowest:
		x = expLowest
	case x != x:
		return x
	}
	n := float32(float32(x*log2E)+roundNumber) - roundNumber
	r := float32(x-n*ln2High) - n*ln2Low
	square := r * r
	y := 1 + (r + square*(exp0+exp1*r+square*(exp2+exp3*r+exp4*square)))
	half := int32(n) >> 1
	return y * power(half) * power(int32(n)-half)
}

// power returns 2^n for -126 <= n <= 127.
func power(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }

// A rational function 1/2 + x*P(x*x)/Q(x*x), with the lowest coefficients first, goes from 0 at -bound to 1 at bound.
type rational struct {
	bound float32
	p, q  [6]float32
}

// The functions nearest to the distribution of the standard normal (within 2e-8/x) and to the derivative of GELU (within
// 2e-7). Rounding adds more than that.
var (
	normal = rational{5.5,
		[6]float32{0.39894205, 0.0350625, 0.0047563279, 0.00018194183, 6.5141295e-06, 2.2221633e-08},
		[6]float32{1, 0.25455266, 0.029351743, 0.0019575271, 7.8255426e-05, 1.194283e-06}}
	slope = rational{5.6,
		[6]float32{0.79788535, -0.030975361, 0.014226069, 1.9751261e-05, 3.5899298e-05, 1.9216741e-07},
		[6]float32{1, 0.29451958, 0.040983741, 0.0035226376, 0.00019205181, 8.9281751e-06}}
)

// at returns x, but no less than -bound, and the function there. Beyond bound it stays what it is there.
func (r *rational) at(x float32) (bounded, y float32) {
	bounded = max(x, -r.bound)
	z := min(bounded, r.bound)
	square, p, q := z*z, r.p[5], r.q[5]
	for i := 4; i >= 0; i-- {
		p = p*square + r.p[i]
		q = q*square + r.q[i]
	}
	return bounded, z*p/q + 0.5
}

func expGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = exp(v)
	}
}

func softmaxGeneric(x []float32) {
	largest := maximum(x)
	var sum float32
	for i, v := range x {
		e := exp(v - largest)
		x[i] = e
		sum += e
	}
	scaleGeneric(1/sum, x)
}

func geluGeneric(dst, x []float32) {
	for i, v := range x {
		bounded, distribution := normal.at(v)
		dst[i] = bounded * distribution
	}
}

func geluBackwardGeneric(dx, x, dy []float32) {
	for i, v := range x {
		_, derivative := slope.at(v)
		dx[i] = dy[i] * derivative
	}
}
