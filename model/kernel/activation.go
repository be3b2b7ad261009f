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
// not the one with tanh (arXiv 1606.08415). The absolute error is below 1e-6. dst may be x.
func GELU(dst, x []float32) {
	checkLength(len(dst), len(x))
	active.gelu(dst, x)
}

// GELUBackward computes dx[i] = dy[i] * (P(x[i]) + x[i]*p(x[i])), where p is the density of the standard normal and x
// is what GELU was given. dx may be dy or x.
func GELUBackward(dx, x, dy []float32) {
	checkLength(len(dx), len(x))
	checkLength(len(dx), len(dy))
	active.geluBackward(dx, x, dy)
}

// Constants of exp: x = n*ln 2 + r, where ln 2 is split in two so that n*ln2High is exact.
const (
	log2E       = math.Log2E
	ln2High     = 355.0 / 512
	ln2Low      = math.Ln2 - ln2High
	expLowest   = -150 // e^x is 0 in float32 from about -104 on
	expHighest  = 130  // and infinite from about 88.8 on
	roundNumber = 3 << 22
)

// exp returns e^x: the Taylor polynomial of degree 7 on |r| <= ln 2 / 2, whose remainder is below 6e-9, times 2^n in
// two steps, so that results down to the smallest subnormal come out.
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
	y := float32(1.0 / 5040)
	y = y*r + 1.0/720
	y = y*r + 1.0/120
	y = y*r + 1.0/24
	y = y*r + 1.0/6
	y = y*r + 1.0/2
	y = y*r + 1
	y = y*r + 1
	half := int32(n) >> 1
	return y * power(half) * power(int32(n)-half)
}

// power returns 2^n for -126 <= n <= 127.
func power(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }

// Constants of the normal distribution, by Abramowitz and Stegun 7.1.26: erfc(z) = (a1*t + ... + a5*t^5)*e^(-z*z) for
// z >= 0 and t = 1/(1+p*z), with an absolute error of at most 1.5e-7; the distribution at x is erfc(-x/sqrt 2)/2.
const (
	erfP = 0.3275911 / math.Sqrt2
	erf1 = 0.254829592 / 2
	erf2 = -0.284496736 / 2
	erf3 = 1.421413741 / 2
	erf4 = -1.453152027 / 2
	erf5 = 1.061405429 / 2
)

// normal returns the distribution function of the standard normal at x, and e^(-x*x/2).
func normal(x float32) (distribution, e float32) {
	z := max(x, -x)
	t := 1 / (1 + erfP*z)
	y := float32(erf5)
	y = y*t + erf4
	y = y*t + erf3
	y = y*t + erf2
	y = y*t + erf1
	e = exp(-0.5 * z * z)
	tail := y * t * e
	if x > 0 {
		return 1 - tail, e
	}
	return tail, e
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
		distribution, _ := normal(v)
		dst[i] = v * distribution
	}
}

func geluBackwardGeneric(dx, x, dy []float32) {
	const density = 1 / (math.Sqrt2 * math.SqrtPi)
	for i, v := range x {
		distribution, e := normal(v)
		dx[i] = dy[i] * (distribution + v*e*density)
	}
}
